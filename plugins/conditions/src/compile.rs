//! From the tree to inputs and tests: every value is looked up by its place in the plan, every operand is parsed once.
//!
//! Called by a rule's `plan` for the inputs and by its `decide` for the evaluator; both must come from one place, or
//! the columns would not be where the tests look for them.

use std::{borrow::Borrow, fmt::Write};

use serde_json::Value as Json;
use signalbox_sdk::{
    Events, FieldOf, INPUT_NAME_BYTES_MAX, INPUTS_MAX, Input, Instant, Plan, Source, Type,
};

use crate::tree::{
    ArmCondition, AttributeCondition, AttributeOperator, Comparison, RecencyCondition, RecencyKind,
    Tree,
};

/// Most conditions and groups of one tree, over all its levels.
const NODES_MAX: usize = 500;

/// A tree ready to be held against contacts.
///
/// Several trees may share one list of inputs: compile them one after the other with [`Compiled::with_inputs`].
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    pub(crate) root: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Leaf(Leaf),
}

/// One test on the value of one input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) input: usize,
    pub(crate) test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Number(Want<f64>),
    Text(Want<String>),
    Instant(Want<i64>),
    Boolean(Want<bool>),
    Contains(Json),
    Missing,
    Present,
    /// The input is a sum; it is divided by the count at the second place.
    Average {
        count: usize,
        comparison: Comparison,
        value: f64,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Want<T> {
    Is(Comparison, T),
    Between(T, T),
    In(Vec<T>),
}

impl<T> Want<T> {
    pub(crate) fn holds<Q: PartialOrd + ?Sized>(&self, found: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        match self {
            Self::Is(Comparison::Eq, value) => found == value.borrow(),
            Self::Is(Comparison::Ne, value) => found != value.borrow(),
            Self::Is(Comparison::Gt, value) => found > value.borrow(),
            Self::Is(Comparison::Gte, value) => found >= value.borrow(),
            Self::Is(Comparison::Lt, value) => found < value.borrow(),
            Self::Is(Comparison::Lte, value) => found <= value.borrow(),
            Self::Between(least, greatest) => found >= least.borrow() && found <= greatest.borrow(),
            Self::In(values) => values.iter().any(|value| found == value.borrow()),
        }
    }
}

impl Compiled {
    /// Compiles one tree; the inputs are those of its plan, in order.
    ///
    /// # Errors
    /// When an operand does not fit its operator or the tree is too large, in words for the person who wrote it.
    pub fn new(tree: &Tree) -> Result<(Self, Vec<Input>), String> {
        let mut inputs = Vec::new();
        let compiled = Self::with_inputs(tree, &mut inputs)?;
        Ok((compiled, inputs))
    }

    /// Compiles a tree whose inputs join those that other trees of the same rule read.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_inputs(tree: &Tree, inputs: &mut Vec<Input>) -> Result<Self, String> {
        let mut compiler = Compiler { inputs, nodes: 0 };
        Ok(Self {
            root: compiler.node(tree)?,
        })
    }

    /// A plan that asks for these inputs.
    #[must_use]
    pub fn plan(inputs: Vec<Input>) -> Plan {
        inputs.into_iter().fold(Plan::new(), |plan, input| {
            plan.input(input.name, input.source, input.kind)
        })
    }
}

struct Compiler<'a> {
    inputs: &'a mut Vec<Input>,
    nodes: usize,
}

impl Compiler<'_> {
    fn node(&mut self, tree: &Tree) -> Result<Node, String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(format!("there are more than {NODES_MAX} conditions"));
        }
        Ok(match tree {
            Tree::All(children) => Node::All(self.nodes(children)?),
            Tree::Any(children) => Node::Any(self.nodes(children)?),
            Tree::Not(child) => Node::Not(Box::new(self.node(child)?)),
            Tree::Attribute(condition) => self.value(condition, Source::Attribute)?,
            Tree::Field(condition) => self.value(condition, Source::EventField)?,
            Tree::Kept(condition) => self.value(condition, Source::Kept)?,
            Tree::ArmTaken(condition) => self.arm_taken(condition)?,
            Tree::Count(condition) => {
                self.count(condition.of.events(), condition.operator, condition.value)?
            }
            Tree::Sum(condition) => {
                let source = sum(condition.of.events(), &condition.field);
                let input = self.input(source, Type::Number)?;
                let test = Test::Number(Want::Is(condition.operator, condition.value));
                Node::Leaf(Leaf { input, test })
            }
            Tree::Average(condition) => {
                let input =
                    self.input(sum(condition.of.events(), &condition.field), Type::Number)?;
                let count = self.input(Source::Count(condition.of.events()), Type::Integer)?;
                let (comparison, value) = (condition.operator, condition.value);
                Node::Leaf(Leaf {
                    input,
                    test: Test::Average {
                        count,
                        comparison,
                        value,
                    },
                })
            }
            Tree::Recency(condition) => self.recency(condition)?,
        })
    }

    fn nodes(&mut self, children: &[Tree]) -> Result<Vec<Node>, String> {
        children.iter().map(|child| self.node(child)).collect()
    }

    fn arm_taken(&mut self, condition: &ArmCondition) -> Result<Node, String> {
        let is_one_of = AttributeCondition {
            name: condition.step.clone(),
            operator: AttributeOperator::In,
            value: condition.arms.clone().into(),
        };
        self.value(&is_one_of, Source::ArmTaken)
    }

    fn count(
        &mut self,
        events: Events,
        comparison: Comparison,
        value: f64,
    ) -> Result<Node, String> {
        let input = self.input(Source::Count(events), Type::Integer)?;
        Ok(Node::Leaf(Leaf {
            input,
            test: Test::Number(Want::Is(comparison, value)),
        }))
    }

    fn recency(&mut self, condition: &RecencyCondition) -> Result<Node, String> {
        let ever = Events {
            event: condition.event.clone(),
            conditions: condition.conditions.clone(),
            within: None,
        };
        let recent = |span: Option<_>| match span {
            Some(span) => Ok(Events {
                within: Some(span),
                ..ever.clone()
            }),
            None => Err(format!("the condition on {} needs a time", condition.event)),
        };
        Ok(match condition.is {
            RecencyKind::Ever => self.count(ever, Comparison::Gte, 1.0)?,
            RecencyKind::Never => self.count(ever, Comparison::Eq, 0.0)?,
            RecencyKind::Within => self.count(recent(condition.span)?, Comparison::Gte, 1.0)?,
            RecencyKind::LongerAgo => {
                let recent = recent(condition.span)?;
                Node::All(vec![
                    self.count(ever, Comparison::Gte, 1.0)?,
                    self.count(recent, Comparison::Eq, 0.0)?,
                ])
            }
        })
    }

    fn value(
        &mut self,
        condition: &AttributeCondition,
        source: fn(String) -> Source,
    ) -> Result<Node, String> {
        let (kind, test) = attribute_test(condition)
            .map_err(|problem| format!("the condition on {} {problem}", condition.name))?;
        let input = self.input(source(condition.name.clone()), kind)?;
        Ok(Node::Leaf(Leaf { input, test }))
    }

    /// The place of an input in the plan, which holds each only once.
    fn input(&mut self, source: Source, kind: Type) -> Result<usize, String> {
        let known = self
            .inputs
            .iter()
            .position(|one| one.kind == kind && one.source == source);
        if let Some(index) = known {
            return Ok(index);
        }
        if self.inputs.len() == INPUTS_MAX {
            return Err(format!(
                "the conditions read more than {INPUTS_MAX} different values"
            ));
        }
        let name = self.unique(in_words(&source));
        self.inputs.push(Input { name, source, kind });
        Ok(self.inputs.len() - 1)
    }

    fn unique(&self, words: String) -> String {
        let taken = |name: &str| self.inputs.iter().any(|input| input.name == name);
        if words.len() <= INPUT_NAME_BYTES_MAX && !taken(&words) {
            return words;
        }
        let number = format!(" #{}", self.inputs.len() + 1);
        let cut = words.floor_char_boundary(INPUT_NAME_BYTES_MAX - number.len());
        format!("{}{number}", &words[..cut])
    }
}

fn sum(of: Events, field: &str) -> Source {
    Source::Sum(FieldOf {
        of,
        field: field.to_owned(),
    })
}

fn attribute_test(condition: &AttributeCondition) -> Result<(Type, Test), &'static str> {
    use AttributeOperator as Operator;
    match (condition.operator, &condition.value) {
        (Operator::Missing, _) => Ok((Type::Any, Test::Missing)),
        (Operator::Present, _) => Ok((Type::Any, Test::Present)),
        (_, Json::Null) => Err("needs a value"),
        (Operator::Contains, value) => Ok((Type::Any, Test::Contains(value.clone()))),
        (operator @ (Operator::In | Operator::Between), Json::Array(values)) => {
            typed_test(operator, values)
        }
        (Operator::In, _) => Err("needs a list of values"),
        (Operator::Between, _) => Err("needs a list of the least and the greatest value"),
        (operator, value) => typed_test(operator, std::slice::from_ref(value)),
    }
}

/// The operands decide the type that the attribute is read as.
fn typed_test(operator: AttributeOperator, values: &[Json]) -> Result<(Type, Test), &'static str> {
    let instant = |value: &Json| Some(Instant::parse(value.as_str()?)?.as_ms());
    if let Some(numbers) = all(values, Json::as_f64) {
        Ok((Type::Number, Test::Number(want(operator, numbers)?)))
    } else if let Some(instants) = all(values, instant) {
        Ok((Type::Instant, Test::Instant(want(operator, instants)?)))
    } else if let Some(texts) = all(values, |value| value.as_str().map(str::to_owned)) {
        Ok((Type::Text, Test::Text(want(operator, texts)?)))
    } else if let Some(booleans) = all(values, Json::as_bool) {
        Ok((Type::Boolean, Test::Boolean(want(operator, booleans)?)))
    } else {
        Err("needs texts, numbers or truth values, all of one type")
    }
}

fn all<T>(values: &[Json], read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    values.iter().map(read).collect()
}

fn want<T: Clone>(operator: AttributeOperator, values: Vec<T>) -> Result<Want<T>, &'static str> {
    let comparison = match operator {
        AttributeOperator::In if values.is_empty() => return Err("needs at least one value"),
        AttributeOperator::In => return Ok(Want::In(values)),
        AttributeOperator::Between => {
            return match values.as_slice() {
                [least, greatest] => Ok(Want::Between(least.clone(), greatest.clone())),
                _ => Err("needs a list of the least and the greatest value"),
            };
        }
        AttributeOperator::Eq => Comparison::Eq,
        AttributeOperator::Ne => Comparison::Ne,
        AttributeOperator::Gt => Comparison::Gt,
        AttributeOperator::Gte => Comparison::Gte,
        AttributeOperator::Lt => Comparison::Lt,
        AttributeOperator::Lte => Comparison::Lte,
        AttributeOperator::Contains | AttributeOperator::Missing | AttributeOperator::Present => {
            return Err("does not compare values");
        }
    };
    values
        .into_iter()
        .next()
        .map(|value| Want::Is(comparison, value))
        .ok_or("needs a value")
}

fn in_words(source: &Source) -> String {
    match source {
        Source::Attribute(name) => name.clone(),
        Source::EventField(name) => format!("{name} of the event"),
        Source::Kept(name) => format!("kept {name}"),
        Source::ArmTaken(step) => format!("arm taken at {step}"),
        Source::Sum(of) => format!("sum of {} over {}", of.field, events_in_words(&of.of)),
        Source::Count(events) => format!("count of {}", events_in_words(events)),
        _ => "value".to_owned(),
    }
}

fn events_in_words(events: &Events) -> String {
    let mut words = events.event.clone();
    for condition in &events.conditions {
        // Writing to a text cannot fail.
        let _ = write!(words, " where {} = {}", condition.field, condition.value);
    }
    if let Some(window) = events.within {
        let _ = write!(words, " in {window}");
    }
    words
}
