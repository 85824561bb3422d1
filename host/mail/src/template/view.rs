//! What a template may see: six roots of plain values, and nothing else.
//!
//! The engine builds a [`View`] from what was fixed when the message was queued; [`Scope`] and [`LoopScope`]
//! answer the lookups of a rendering. A variable that is not there is nil, so that `default:` works, and is
//! noted in the meter, so that a hole is never printed in silence. Values are data: no text in a view is
//! ever parsed as a template.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use liquid_core::model::{
    KString, KStringCow, Object, ObjectView, ScalarCow, Value, ValueCow, ValueView, try_find,
};
use liquid_core::runtime::{PartialStore, Registers, RuntimeCore};
use liquid_core::{Error, Result, Runtime};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::limits::{self, Meter};

/// The names at the top of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// The contact's id and attributes.
    Contact,
    /// The event that started or woke the journey, with its fields.
    Event,
    /// The journey: its key, its kept values.
    Journey,
    /// What personalizers answered, by step or binding name.
    Rule,
    /// The workflow's name and settings meant for messages.
    Workflow,
    /// Links made for this message (unsubscribe, preferences, web version).
    Links,
}

impl Root {
    pub const ALL: [Self; 6] = [
        Self::Contact,
        Self::Event,
        Self::Journey,
        Self::Rule,
        Self::Workflow,
        Self::Links,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Event => "event",
            Self::Journey => "journey",
            Self::Rule => "rule",
            Self::Workflow => "workflow",
            Self::Links => "links",
        }
    }
}

/// The values of one message. Read from a JSON object of its roots by name; a null anywhere inside counts as missing.
#[derive(Debug, Clone, Default)]
pub struct View {
    values: Object,
}

impl View {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one root; a JSON null anywhere inside counts as missing.
    #[must_use]
    pub fn with(mut self, root: Root, value: &serde_json::Value) -> Self {
        let value = AtDepth(0).deserialize(value);
        self.set(root, value.expect("what is JSON can be in a view"));
        self
    }

    fn set(&mut self, root: Root, value: Value) {
        let name = KString::from_static(root.as_str());
        self.values.insert(name, value);
    }
}

/// Reads a view from an object of its roots by name; other names are passed over.
struct Roots;

impl<'de> Visitor<'de> for Roots {
    type Value = View;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of roots by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<View, A::Error> {
        let mut view = View::new();
        while let Some(name) = map.next_key::<String>()? {
            let mut roots = Root::ALL.into_iter();
            if let Some(root) = roots.find(|root| root.as_str() == name) {
                view.set(root, map.next_value_seed(AtDepth(0))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(view)
    }
}

impl<'de> Deserialize<'de> for View {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Roots)
    }
}

/// Reads a value that lies so deep in its root. What lies deeper than [`limits::VALUE_DEPTH_MAX`] becomes nil: nothing
/// behind this walks without a bound.
struct AtDepth(usize);

impl<'de> DeserializeSeed<'de> for AtDepth {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        if self.0 > limits::VALUE_DEPTH_MAX {
            return IgnoredAny::deserialize(deserializer).map(|_| Value::Nil);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AtDepth {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, truth: bool) -> std::result::Result<Value, E> {
        Ok(Value::scalar(truth))
    }

    fn visit_i64<E>(self, whole: i64) -> std::result::Result<Value, E> {
        Ok(Value::scalar(whole))
    }

    fn visit_u64<E>(self, whole: u64) -> std::result::Result<Value, E> {
        Ok(match i64::try_from(whole) {
            Ok(whole) => Value::scalar(whole),
            Err(_) => Value::scalar(whole as f64),
        })
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Value, E> {
        Ok(Value::scalar(number))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::scalar(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(AtDepth(self.0 + 1))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let mut fields = Object::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(AtDepth(self.0 + 1))?;
            fields.insert(KString::from_string(name), value);
        }
        Ok(Value::Object(fields))
    }
}

/// The outermost scope of a rendering: the view, and what `assign` and `capture` have set.
pub(super) struct Scope<'v> {
    view: &'v View,
    assigned: RefCell<Object>,
    counters: RefCell<Object>,
    /// For a name that was assigned nil: the variable that was missing.
    causes: RefCell<BTreeMap<String, String>>,
    core: RuntimeCore<'v>,
}

impl<'v> Scope<'v> {
    pub(super) fn new(view: &'v View, limits: limits::Limits) -> Self {
        let core = RuntimeCore::new();
        core.registers().get_mut::<Meter>().limits = limits;
        Self {
            view,
            assigned: RefCell::default(),
            counters: RefCell::default(),
            causes: RefCell::default(),
            core,
        }
    }

    fn lookup(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        let root = path.first()?.to_kstr();
        let assigned = self.assigned.borrow();
        if assigned.contains_key(root.as_str()) {
            return try_find(assigned.as_value(), path)
                .map(|value| ValueCow::Owned(value.into_owned()));
        }
        drop(assigned);
        try_find(self.view.values.as_value(), path)
    }
}

impl Runtime for Scope<'_> {
    fn partials(&self) -> &dyn PartialStore {
        self.core.partials()
    }

    fn name(&self) -> Option<liquid_core::model::KStringRef<'_>> {
        None
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        self.view
            .values
            .keys()
            .map(|key| KStringCow::from_ref(key.as_str()))
            .collect()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        let found = self.lookup(path);
        charge_condition(self, found.as_ref());
        found
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        let found = self.lookup(path).filter(|value| !value.is_nil());
        if found.is_none() {
            let name = path_text(path);
            let causes = self.causes.borrow();
            note_missing(self, causes.get(&name).unwrap_or(&name).clone());
        }
        settle(self, found)
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        let cause = self.core.registers().get_mut::<Meter>().missing.take();
        if let Some(cause) = cause {
            self.causes.borrow_mut().insert(name.to_string(), cause);
        }
        self.assigned.borrow_mut().insert(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.counters.borrow_mut().insert(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.counters
            .borrow()
            .get(name)
            .map(|value| ValueCow::Owned(value.clone()))
    }

    fn registers(&self) -> &Registers {
        self.core.registers()
    }
}

/// One turn of a loop: its own two names in front of the scope around it.
pub(super) struct LoopScope<'a> {
    pub(super) around: &'a dyn Runtime,
    pub(super) name: &'a str,
    pub(super) item: &'a Value,
    pub(super) forloop: &'a Value,
}

impl LoopScope<'_> {
    fn own(&self, path: &[ScalarCow<'_>]) -> Option<&Value> {
        let first = path.first()?.to_kstr();
        match first.as_str() {
            "forloop" => Some(self.forloop),
            name if name == self.name => Some(self.item),
            _ => None,
        }
    }
}

impl Runtime for LoopScope<'_> {
    fn partials(&self) -> &dyn PartialStore {
        self.around.partials()
    }

    fn name(&self) -> Option<liquid_core::model::KStringRef<'_>> {
        None
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        self.around.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        match self.own(path) {
            Some(value) => {
                let found = try_find(value, &path[1..]);
                charge_condition(self, found.as_ref());
                found
            }
            None => self.around.try_get(path),
        }
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        let Some(value) = self.own(path) else {
            return self.around.get(path);
        };
        let found = try_find(value, &path[1..]).filter(|value| !value.is_nil());
        if found.is_none() {
            note_missing(self, path_text(path));
        }
        settle(self, found)
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.around.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.around.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.around.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.around.registers()
    }
}

fn note_missing(runtime: &dyn Runtime, name: String) {
    runtime
        .registers()
        .get_mut::<Meter>()
        .missing
        .get_or_insert(name);
}

/// Charges what was found; nil stands for what was not.
fn settle<'v>(runtime: &dyn Runtime, found: Option<ValueCow<'v>>) -> Result<ValueCow<'v>, Error> {
    let value = found.unwrap_or(ValueCow::Owned(Value::Nil));
    limits::charge_value(runtime, value.as_view())?;
    Ok(value)
}

/// Charges a lookup that cannot fail: going over the bound ends the rendering at the next tag.
fn charge_condition(runtime: &dyn Runtime, found: Option<&ValueCow<'_>>) {
    if let Some(value) = found {
        let _over = limits::charge_value(runtime, value.as_view());
    }
}

fn path_text(path: &[ScalarCow<'_>]) -> String {
    let parts: Vec<String> = path.iter().map(|part| part.to_kstr().to_string()).collect();
    let text = parts.join(".");
    text.chars().take(200).collect()
}
