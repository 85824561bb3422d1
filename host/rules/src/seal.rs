//! Takes the WASI imports out of a component that was built elsewhere, by putting stubs in their place.
//!
//! Called by `signalbox plugin seal`; the server never seals. The stubs and the component become one component that
//! imports nothing: it has no clock, no files, no network and no environment, and whatever asks for one gets the
//! same harmless answer each time. What is not WASI 0.2 is never stubbed, since that would hide what a rule lacks.

mod stubs;

use std::{collections::BTreeMap, fmt};

use wasm_encoder::{ComponentBuilder, ComponentExportKind};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::{InterfaceId, Resolve, TypeDefKind, WorldId, WorldItem, WorldKey};

use crate::{
    error::{LoadError, cut},
    inspect::inspect,
    limits::Limits,
    v1,
};

/// Most names that a refusal lists.
const NAMES_MAX: usize = 20;

/// What a component may have wanted of the system, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Variables, arguments, the working folder.
    Environment,
    /// The wall clock and the monotonic one.
    Clocks,
    /// Random numbers, secure or not.
    Random,
    /// Files and folders.
    Files,
    /// Standard input, output and errors, and the streams that they are made of.
    Streams,
    /// Sockets and names of hosts.
    Network,
    /// The end of the program.
    Exit,
}

impl Capability {
    /// The capability behind an interface that can be stubbed.
    fn of(interface: &str) -> Option<Self> {
        let (name, version) = interface.split_once('@')?;
        if !version.starts_with("0.2.") {
            return None;
        }
        match name.strip_prefix("wasi:")?.split_once('/')? {
            ("cli", "environment") => Some(Self::Environment),
            ("cli", "exit") => Some(Self::Exit),
            ("cli" | "io", _) => Some(Self::Streams),
            ("clocks", _) => Some(Self::Clocks),
            ("random", _) => Some(Self::Random),
            ("filesystem", _) => Some(Self::Files),
            ("sockets", _) => Some(Self::Network),
            _ => None,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment: no variables and no arguments",
            Self::Clocks => "clocks: always 1970-01-01T00:00:00Z",
            Self::Random => "random: always 0",
            Self::Files => "files: none, each access is refused",
            Self::Streams => "input and output: nothing to read, what is written is lost",
            Self::Network => "network: each access is refused",
            Self::Exit => "exit: the contact fails",
        })
    }
}

/// A component that imports nothing.
#[derive(Debug)]
pub struct Sealed {
    /// The component; the very bytes that were given if there was nothing to stub.
    pub component: Vec<u8>,
    /// What was stubbed, with the names of the interfaces.
    pub stubbed: BTreeMap<Capability, Vec<String>>,
}

/// Why a component cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It would be refused for something else than its imports, before or after.
    #[error("the server would refuse the component ({}): {_0}", _0.code())]
    Refused(LoadError),
    /// It imports what is not WASI, or another WASI than can be stubbed.
    #[error(
        "the component imports {}{}, which cannot be sealed: only clocks, random, files, input and output, environment, sockets and exit of WASI 0.2 have stubs. Build it without them: a rule gets what it reads through its plan",
        names.join(", "),
        more_in_words(names, *count)
    )]
    Imports {
        /// The first names, in order.
        names: Vec<String>,
        /// How many there are in all.
        count: usize,
    },
    /// The stubs could not be made or put in place.
    #[error("put stubs into the component: {reason}")]
    Stubs {
        /// What stood in the way.
        reason: String,
    },
}

fn more_in_words(names: &[String], count: usize) -> String {
    match count.saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn no_stubs(error: impl fmt::Display) -> SealError {
    SealError::Stubs {
        reason: cut(&error.to_string()),
    }
}

/// Seals a component: what it imports of WASI 0.2 is stubbed, so that the server lets it in.
///
/// # Errors
/// When the file is no component of the contract, imports anything else that can be called, or would be refused even
/// without its imports.
pub fn seal(bytes: &[u8], limits: &Limits) -> Result<Sealed, SealError> {
    match inspect(bytes, limits) {
        Ok(_) => {
            return Ok(Sealed {
                component: bytes.to_vec(),
                stubbed: BTreeMap::new(),
            });
        }
        Err(LoadError::Imports { .. }) => {}
        Err(other) => return Err(SealError::Refused(other)),
    }
    let decoded = wit_component::decode(bytes).map_err(|error| no_stubs(format!("{error:#}")))?;
    let DecodedWasm::Component(mut resolve, world) = decoded else {
        return Err(no_stubs("it is a package of types, not a component"));
    };
    let imports = Imports::of(&resolve, world)?;
    let exports = contract_exports(&resolve, world);
    turn_around(&mut resolve, world);
    let stubs = stub_component(&resolve, world)?;
    let component = compose(bytes, &stubs, &imports, &exports);
    inspect(&component, limits).map_err(SealError::Refused)?;
    Ok(Sealed {
        component,
        stubbed: imports.stubbed,
    })
}

/// What a component imports, once it is known that all of it can be given.
struct Imports {
    /// Interfaces of types alone, of the contract mostly; their types stay visible from outside.
    types: Vec<String>,
    stubbed: BTreeMap<Capability, Vec<String>>,
}

impl Imports {
    fn of(resolve: &Resolve, world: WorldId) -> Result<Self, SealError> {
        let mut imports = Self {
            types: Vec::new(),
            stubbed: BTreeMap::new(),
        };
        let mut refused = Vec::new();
        for (key, item) in &resolve.worlds[world].imports {
            let name = resolve.name_world_key(key);
            let WorldItem::Interface { id, .. } = item else {
                refused.push(name);
                continue;
            };
            let callable = callable(resolve, *id);
            match Capability::of(&name) {
                Some(capability) if !is_async(resolve, *id) => {
                    imports.stubbed.entry(capability).or_default().push(name);
                }
                _ if callable.is_empty() => imports.types.push(name),
                _ => refused.extend(callable.iter().map(|function| format!("{name}#{function}"))),
            }
        }
        if refused.is_empty() {
            return Ok(imports);
        }
        let count = refused.len();
        refused.truncate(NAMES_MAX);
        Err(SealError::Imports {
            names: refused,
            count,
        })
    }
}

/// The names of an interface's functions and resources.
fn callable(resolve: &Resolve, interface: InterfaceId) -> Vec<String> {
    let interface = &resolve.interfaces[interface];
    let resources = interface.types.iter().filter_map(|(name, id)| {
        matches!(resolve.types[*id].kind, TypeDefKind::Resource).then_some(name)
    });
    let functions = interface.functions.keys();
    resources.chain(functions).cloned().collect()
}

fn is_async(resolve: &Resolve, interface: InterfaceId) -> bool {
    let functions = &resolve.interfaces[interface].functions;
    functions.values().any(|function| function.kind.is_async())
}

/// The exports that the server asks; what else a component exports is left inside.
fn contract_exports(resolve: &Resolve, world: WorldId) -> Vec<String> {
    let exports = resolve.worlds[world].exports.iter();
    exports
        .filter(|(_, item)| matches!(item, WorldItem::Interface { .. }))
        .map(|(key, _)| resolve.name_world_key(key))
        .filter(|name| name.starts_with(v1::PACKAGE))
        .collect()
}

/// Makes the world of a component the world of its stubs, which export what it imports.
fn turn_around(resolve: &mut Resolve, world: WorldId) {
    let world = &mut resolve.worlds[world];
    world.exports = std::mem::take(&mut world.imports);
}

fn stub_component(resolve: &Resolve, world: WorldId) -> Result<Vec<u8>, SealError> {
    let mut module = stubs::module(resolve, world).map_err(no_stubs)?;
    let encoded =
        embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false)
            .and_then(|()| ComponentEncoder::default().module(&module)?.encode());
    encoded.map_err(|error| no_stubs(format!("{error:#}")))
}

/// One component with both inside: the stubs' exports are the plugin's imports.
fn compose(plugin: &[u8], stubs: &[u8], imports: &Imports, exports: &[String]) -> Vec<u8> {
    let kind = ComponentExportKind::Instance;
    let mut builder = ComponentBuilder::default();
    let stubs = builder.component_raw(None, stubs);
    let plugin = builder.component_raw(None, plugin);
    let none: [(&str, ComponentExportKind, u32); 0] = [];
    let stubs = builder.instantiate(None, stubs, none);
    let mut arguments = Vec::new();
    for name in imports.stubbed.values().flatten() {
        let instance = builder.alias_export(stubs, name, kind);
        arguments.push((name.as_str(), kind, instance));
    }
    for name in &imports.types {
        // The types of what is exported below must have names outside, so they are exported first.
        let inside = builder.alias_export(stubs, name, kind);
        let instance = builder.export(name.as_str(), kind, inside, None);
        arguments.push((name.as_str(), kind, instance));
    }
    let plugin = builder.instantiate(None, plugin, arguments);
    for name in exports {
        let instance = builder.alias_export(plugin, name, kind);
        builder.export(name.as_str(), kind, instance, None);
    }
    builder.finish()
}

/// The key and functions of every interface that a world exports.
fn exported(resolve: &Resolve, world: WorldId) -> impl Iterator<Item = (&WorldKey, InterfaceId)> {
    let exports = resolve.worlds[world].exports.iter();
    exports.filter_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } => Some((key, *id)),
        _ => None,
    })
}
