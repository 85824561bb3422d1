//! What a file is, found by reading it: never by compiling or running it.
//!
//! The first gate of loading, called by `load` and `check`. A file that passes is a whole, valid component that
//! imports nothing callable and exports the contract. Cheap: a few milliseconds a megabyte.

use signalbox_model::describe::RuleKind;
use wasmparser::{
    Encoding, Parser, Payload, Validator, WasmFeatures,
    component_types::{ComponentAnyTypeId, ComponentEntityType},
    types::Types,
};

use crate::{
    error::{LoadError, cut},
    limits::Limits,
    v1,
};

/// Bytes of a page of linear memory.
const PAGE_BYTES: u64 = 64 << 10;
/// Most names of imports or exports that an error lists.
const NAMES_MAX: usize = 20;

/// Reads a file's bytes; answers the kinds of rule it exports, in order.
///
/// # Errors
/// When it is too large or not a component, is damaged, imports anything callable, or lacks the contract's exports.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Vec<RuleKind>, LoadError> {
    check_header(bytes, limits)?;
    let features = WasmFeatures::default() - WasmFeatures::THREADS - WasmFeatures::MEMORY64;
    let types = Validator::new_with_features(features)
        .validate_all(bytes)
        .map_err(|e| LoadError::Invalid {
            reason: cut(&e.to_string()),
        })?;
    let names = Names::read(bytes).map_err(|e| LoadError::Invalid {
        reason: cut(&e.to_string()),
    })?;
    check_resources(bytes, limits)?;
    check_imports(&types, &names.imports)?;
    check_exports(&types, &names.exports)
}

fn check_header(bytes: &[u8], limits: &Limits) -> Result<(), LoadError> {
    let size = bytes.len() as u64;
    if size > limits.component_bytes_max {
        return Err(LoadError::TooLarge {
            bytes: size,
            bytes_max: limits.component_bytes_max,
        });
    }
    if bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    let magic = b"\0asm";
    if !bytes.starts_with(&magic[..bytes.len().min(4)]) {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(16)]).into_owned();
        return Err(LoadError::NotWasm {
            start: format!("{start:?}"),
        });
    }
    if bytes.len() < 8 {
        return Err(LoadError::Invalid {
            reason: format!("it ends after {size} bytes"),
        });
    }
    if Parser::is_core_wasm(bytes) {
        return Err(LoadError::CoreModule);
    }
    Ok(())
}

/// The names of a component's own imports and exports, in order.
struct Names<'a> {
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn read(bytes: &'a [u8]) -> wasmparser::Result<Self> {
        let mut names = Self {
            imports: Vec::new(),
            exports: Vec::new(),
        };
        // Nested modules and components are parsed in between; only the outermost level counts.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Component | Encoding::Module,
                    ..
                } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        names.imports.push(import?.name.name);
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        names.exports.push(export?.name.name);
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }
}

/// Memories and tables that are declared too large would never be instantiated.
fn check_resources(bytes: &[u8], limits: &Limits) -> Result<(), LoadError> {
    let invalid = |e: wasmparser::BinaryReaderError| LoadError::Invalid {
        reason: cut(&e.to_string()),
    };
    let too_much = |what: String| Err(LoadError::Resources { what });
    let mut memory_bytes = 0_u64;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::MemorySection(section) => {
                for memory in section {
                    memory_bytes = memory_bytes.saturating_add(
                        memory.map_err(invalid)?.initial.saturating_mul(PAGE_BYTES),
                    );
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let elements = table.map_err(invalid)?.ty.initial;
                    if elements > limits.table_elements_max as u64 {
                        let max = limits.table_elements_max;
                        return too_much(format!(
                            "a table of {elements} elements, at most {max} are allowed"
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    if memory_bytes > limits.memory_bytes_max as u64 {
        let max = limits.memory_bytes_max;
        return too_much(format!(
            "{memory_bytes} bytes of memory, at most {max} are allowed"
        ));
    }
    Ok(())
}

fn check_imports(types: &Types, imports: &[&str]) -> Result<(), LoadError> {
    let types = types.as_ref();
    let mut names = Vec::new();
    let mut count = 0;
    let mut refuse = |name: String| {
        count += 1;
        if names.len() < NAMES_MAX {
            names.push(cut(&name));
        }
    };
    for &import in imports {
        let Some(item) = types.component_item_for_import(import) else {
            continue;
        };
        match item.ty {
            ComponentEntityType::Instance(id) => {
                for (export, item) in &types[id].exports {
                    if is_callable(&item.ty) {
                        refuse(format!("{import}#{export}"));
                    }
                }
            }
            other if is_callable(&other) => refuse(import.to_owned()),
            _ => {}
        }
    }
    if count == 0 {
        Ok(())
    } else {
        Err(LoadError::Imports { names, count })
    }
}

/// Anything but a plain type: functions, resources, modules, components, values and nested instances.
fn is_callable(item: &ComponentEntityType) -> bool {
    match item {
        ComponentEntityType::Type { created, .. } => {
            matches!(created, ComponentAnyTypeId::Resource(_))
        }
        _ => true,
    }
}

fn check_exports(types: &Types, exports: &[&str]) -> Result<Vec<RuleKind>, LoadError> {
    let types = types.as_ref();
    let is_there = |name: &str| {
        let item = types.component_item_for_export(name);
        exports.contains(&name)
            && item.is_some_and(|item| matches!(item.ty, ComponentEntityType::Instance(_)))
    };
    let found = || {
        exports
            .iter()
            .take(NAMES_MAX)
            .map(|name| cut(name))
            .collect()
    };
    if !is_there(v1::PLUGIN_EXPORT) {
        return Err(LoadError::Exports {
            missing: v1::PLUGIN_EXPORT.to_owned(),
            found: found(),
        });
    }
    let kinds: Vec<_> = RuleKind::ALL
        .into_iter()
        .filter(|kind| is_there(v1::rule_export(*kind)))
        .collect();
    if kinds.is_empty() {
        let rules = RuleKind::ALL.map(v1::rule_export).join(", ");
        return Err(LoadError::Exports {
            missing: format!("any of {rules}"),
            found: found(),
        });
    }
    Ok(kinds)
}
