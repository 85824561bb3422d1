//! The workflows that every seed plays: short, and between them every wait, way and exit that a fault could hurt.

use serde_json::{Value as Json, json};
use signalbox_engine::{CommandError, Engine};
use signalbox_model::settings::Settings;

use crate::support::template;

/// Never paused or ended, and entered by every order: what was acknowledged shows in its entries, in their order.
pub(super) const THANKS: &str = "thanks";
/// Exits on `account_closed`, wherever its journeys stand.
pub(super) const WELCOME: &str = "welcome";
/// Armed, cancelled, waiting for events and for a person; its first message is held when it is in doubt.
pub(super) const CART: &str = "cart";

/// Who is believed about contacts before whom, and nothing else.
pub(super) fn settings() -> Settings {
    let settings = json!({"sources": ["crm", "shop"]});
    serde_json::from_value(settings).expect("settings")
}

/// Has a server know them before anything is said.
pub(super) async fn declare_sources(engine: Engine) -> Result<(), CommandError> {
    let (found, version) = engine.settings()?;
    if found.sources.is_empty() {
        engine.put_settings(&settings(), version).await?;
    }
    Ok(())
}

pub(super) fn all() -> [Json; 3] {
    [thanks(), welcome("Hello"), cart()]
}

fn thanks() -> Json {
    json!({
        "id": THANKS,
        "title": "Thanks",
        "goal": "none",
        "entry": "every",
        "trigger": {"plugin": "event", "config": {"event": "order_completed", "key": "order"}},
        "steps": [{"id": "mail", "send": {"template": "thanks", "class": "transactional"}}],
        "templates": {"thanks": template("Order {{ event.order }}")},
    })
}

/// Versions differ in a subject.
pub(super) fn welcome(subject: &str) -> Json {
    let orders = json!({"event": "order_completed"});
    let spender = json!({"sum": {"of": orders, "field": "value", "operator": "gt", "value": 100}});
    json!({
        "id": WELCOME,
        "title": "Welcome",
        "goal": "none",
        "entry": "every",
        "trigger": {"plugin": "event", "config": {"event": "signed_up", "key": "order"}},
        "exits": [{"on": {"event": "account_closed"}, "reason": "closed"}],
        "steps": [
            {"id": "hello", "send": {"template": "hello", "in_doubt": "resend", "late_limit": "5d"}},
            {"id": "pause", "wait": {"for": "7h"}},
            {"id": "fork", "branch": {
                "arms": [{"segment": {"plugin": "audience", "config": spender}, "goto": "big"}],
                "otherwise": "small",
            }},
            {"id": "big", "send": {"template": "big", "in_doubt": "resend"}},
            {"id": "end", "exit": {"reason": "big_told"}},
            {"id": "small", "send": {"template": "small", "in_doubt": "hold"}},
        ],
        "templates": {"hello": template(subject), "big": template("Big"), "small": template("Small")},
    })
}

fn cart() -> Json {
    let trigger = json!({
        "event": "cart_updated", "after": "4h", "unless": ["order_completed"], "key": "order",
        "unless_any_key": true,
    });
    json!({
        "id": CART,
        "title": "Cart",
        "goal": "none",
        "entry": "every",
        "trigger": {"plugin": "abandoned", "config": trigger},
        "exits": [{"on": {"event": "cart_emptied"}, "reason": "emptied"}],
        "steps": [
            {"id": "reminder", "send": {"template": "reminder", "in_doubt": "hold"}},
            {"id": "bought", "wait_for": {"timeout": "10h", "otherwise": "ask",
                "arms": [{"on": {"event": "order_completed"}, "goto": "tag"}]}},
            {"id": "tag", "update": {"add_tags": ["came_back"]}},
            {"id": "over", "exit": {"reason": "converted"}},
            {"id": "ask", "approve": {"timeout": "6h", "rejected": "over", "otherwise": "morning"}},
            {"id": "morning", "wait": {"calendar": {"days": 1, "at": "09:00"}}},
            {"id": "deal", "send": {"template": "deal", "in_doubt": "resend"}},
        ],
        "templates": {"reminder": template("Left behind"), "deal": template("Deal")},
    })
}
