//! A tree of conditions over a contact's attributes and history, as `audience` and `blocks` let marketers write it.
//!
//! A rule [compiles](Compiled::new) the tree once a batch: that yields the inputs for its plan, and an evaluator that
//! works column by column. Never reads a clock: recency is a count within a window, whose changes the host works out.
#![deny(missing_docs)]

mod compile;
mod evaluate;
mod tree;

pub use compile::Compiled;
pub use evaluate::Truth;
pub use tree::{
    ArmCondition, AttributeCondition, AttributeOperator, AverageCondition, Comparison,
    CountCondition, HistoryCondition, RecencyCondition, RecencyKind, SumCondition, Tree,
};
