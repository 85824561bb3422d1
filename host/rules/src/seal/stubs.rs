//! The core module that answers for WASI: one function for each that a component imported.
//!
//! Called by `seal`. Nothing here computes: an answer is a value that stands in memory from the start, a fresh handle,
//! or a trap. Where nothing is to be had the answer is zero, empty or none; where something would have to be done it
//! is a refusal; and where a guest would ask again and again, it is one that lets it go on.

use std::collections::BTreeMap;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, ImportSection, InstructionSink, MemArg, MemArgTarget, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};
use wit_parser::{
    Function as WitFunction, Handle, LiftLowerAbi, ManglingAndAbi, Resolve, ResourceIntrinsic,
    Result_, SizeAlign, Type, TypeDefKind, TypeId, TypeOwner, WasmExport, WasmExportKind,
    WasmImport, WorldId, WorldKey,
    abi::{WasmSignature, WasmType},
};

use super::{Capability, exported};

const MANGLING: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
/// Bytes of a page of linear memory.
const PAGE_BYTES: u32 = 64 << 10;
/// Zeros that answers begin behind: as a list of one, the first of the pollables that `poll` is asked about.
const FIRST_POLLABLE: [u8; 8] = [0; 8];
/// Where a list of random bytes lies, all of them 0.
const ZEROS_AT: u32 = PAGE_BYTES / 2;
/// Most random bytes that one call gets; more trap.
const ZEROS_MAX: u32 = PAGE_BYTES - ZEROS_AT;
/// Where what a guest hands over is put, each time over the last: nobody reads it.
const SCRATCH_AT: u32 = PAGE_BYTES;
/// How many bytes an output stream says that it takes; with 0 a guest would ask until its fuel is gone.
const WRITE_BYTES: u64 = 64 << 10;

/// How a function answers.
enum Answer {
    /// The contact fails.
    Trap,
    /// Nothing, or zero where the result is a plain number.
    Zero,
    /// A plain number.
    Number(u32),
    /// A handle that was never given before, of the resource behind this import.
    Handle(u32),
    /// The value that stands at this address.
    Stored(u32),
    /// As many zeros as are asked for, as the list at this address.
    Zeros(u32),
}

/// The module, without the metadata that `wit-component` wants beside it.
///
/// # Errors
/// When a type is too large to be laid out, or the answers do not fit into a page.
pub(super) fn module(resolve: &Resolve, world: WorldId) -> Result<Vec<u8>, String> {
    let mut sizes = SizeAlign::default();
    sizes.fill(resolve).map_err(|error| error.to_string())?;
    let mut stubs = Stubs::new(resolve, sizes);
    stubs.import_intrinsics(world);
    for (key, interface) in exported(resolve, world) {
        let interface_name = resolve.name_world_key(key);
        for function in resolve.interfaces[interface].functions.values() {
            let signature = resolve.wasm_signature(MANGLING.export_variant(), function);
            let answer = stubs.answer(&interface_name, function, &signature)?;
            let name = resolve.wasm_export_name(
                MANGLING,
                WasmExport::Func {
                    interface: Some(key),
                    func: function,
                    kind: WasmExportKind::Normal,
                },
            );
            stubs.function(&name, &signature, &answer);
        }
    }
    Ok(stubs.finish())
}

struct Stubs<'a> {
    resolve: &'a Resolve,
    sizes: SizeAlign,
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    /// The import that makes a handle, by its resource.
    handles: BTreeMap<usize, u32>,
    imported: u32,
    memory: Vec<u8>,
}

impl<'a> Stubs<'a> {
    fn new(resolve: &'a Resolve, sizes: SizeAlign) -> Self {
        Self {
            resolve,
            sizes,
            types: TypeSection::new(),
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
            handles: BTreeMap::new(),
            imported: 0,
            memory: FIRST_POLLABLE.to_vec(),
        }
    }

    /// What makes handles, which comes before all functions.
    fn import_intrinsics(&mut self, world: WorldId) {
        self.types.ty().function([ValType::I32], [ValType::I32]);
        for (key, interface) in exported(self.resolve, world) {
            for id in self.resolve.interfaces[interface].types.values() {
                if matches!(self.resolve.types[*id].kind, TypeDefKind::Resource) {
                    self.import_handle(key, *id);
                }
            }
        }
    }

    fn import_handle(&mut self, key: &WorldKey, resource: TypeId) {
        let (module, name) = self.resolve.wasm_import_name(
            MANGLING,
            WasmImport::ResourceIntrinsic {
                interface: Some(key),
                resource,
                intrinsic: ResourceIntrinsic::ExportedNew,
            },
        );
        self.imports.import(&module, &name, EntityType::Function(0));
        self.handles.insert(resource.index(), self.imported);
        self.imported += 1;
    }

    fn answer(
        &mut self,
        interface: &str,
        function: &WitFunction,
        signature: &WasmSignature,
    ) -> Result<Answer, String> {
        let Some(result) = function.result else {
            return Ok(if Capability::of(interface) == Some(Capability::Exit) {
                Answer::Trap
            } else {
                Answer::Zero
            });
        };
        if let Some(resource) = self.owned(result) {
            return Ok(match self.handles.get(&resource.index()) {
                Some(import) => Answer::Handle(*import),
                None => Answer::Trap,
            });
        }
        match function.name.as_str() {
            "get-random-bytes" | "get-insecure-random-bytes" => {
                return self.store(&[0; 8]).map(Answer::Zeros);
            }
            // What is waited for is there.
            "[method]pollable.ready" => return Ok(Answer::Number(1)),
            "poll" => return self.store(&list(0, 1)).map(Answer::Stored),
            _ => {}
        }
        let answer = match self.kind(result) {
            Some(TypeDefKind::Result(result)) => self.result(interface, function, result),
            _ if self.owns(result) => None,
            _ => Some(Vec::new()),
        };
        match answer {
            None => Ok(Answer::Trap),
            Some(_) if !signature.retptr && signature.results.is_empty() => Ok(Answer::Zero),
            Some(bytes) if !signature.retptr => Ok(Answer::Number(u32::from(
                bytes.first().copied().unwrap_or(0),
            ))),
            Some(mut bytes) => {
                let size = self.sizes.size(&result).size_wasm32();
                bytes.resize(size.max(bytes.len()), 0);
                self.store(&bytes).map(Answer::Stored)
            }
        }
    }

    /// The first bytes of a result: well without a value, or an error; none where it would have to own something.
    fn result(&self, interface: &str, function: &WitFunction, result: &Result_) -> Option<Vec<u8>> {
        let refused = matches!(
            Capability::of(interface),
            Some(Capability::Files | Capability::Network)
        );
        let reads =
            function.name.starts_with("[method]input-stream.") || function.name.ends_with("splice");
        let payload = self.sizes.payload_offset(
            wit_parser::Int::U8,
            [result.ok.as_ref(), result.err.as_ref()],
        );
        let payload = payload.size_wasm32();
        let mut bytes = vec![0; payload + 8];
        if refused || reads {
            bytes[0] = 1;
            let cases: &[&str] = if reads {
                &["closed"]
            } else {
                &["access", "access-denied"]
            };
            bytes[payload] = self.case(result.err, cases);
            return Some(bytes);
        }
        if result.ok.is_some_and(|ok| self.owns(ok)) {
            return None;
        }
        if function.name == "[method]output-stream.check-write" {
            bytes[payload..].copy_from_slice(&WRITE_BYTES.to_le_bytes());
        }
        Some(bytes)
    }

    /// The number of the case with one of these names, else of the first.
    fn case(&self, ty: Option<Type>, names: &[&str]) -> u8 {
        let is_named = |name: &str| names.contains(&name);
        let found = match ty.and_then(|ty| self.kind(ty)) {
            Some(TypeDefKind::Enum(cases)) => {
                cases.cases.iter().position(|case| is_named(&case.name))
            }
            Some(TypeDefKind::Variant(cases)) => {
                cases.cases.iter().position(|case| is_named(&case.name))
            }
            _ => None,
        };
        found.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
    }

    /// What a type is once its other names are followed.
    fn kind(&self, ty: Type) -> Option<&'a TypeDefKind> {
        let Type::Id(mut id) = ty else { return None };
        loop {
            match &self.resolve.types[id].kind {
                TypeDefKind::Type(Type::Id(next)) => id = *next,
                TypeDefKind::Type(_) => return None,
                kind => return Some(kind),
            }
        }
    }

    /// The resource that a handle is of, where it was defined.
    fn owned(&self, ty: Type) -> Option<TypeId> {
        let Some(TypeDefKind::Handle(Handle::Own(resource))) = self.kind(ty) else {
            return None;
        };
        let mut resource = *resource;
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[resource].kind {
            resource = next;
        }
        debug_assert!(matches!(
            self.resolve.types[resource].owner,
            TypeOwner::Interface(_)
        ));
        Some(resource)
    }

    /// Whether a value of all zeros would hold a handle; an empty list and none hold nothing.
    fn owns(&self, ty: Type) -> bool {
        match self.kind(ty) {
            Some(TypeDefKind::Handle(_) | TypeDefKind::Future(_) | TypeDefKind::Stream(_)) => true,
            Some(TypeDefKind::Record(record)) => {
                record.fields.iter().any(|field| self.owns(field.ty))
            }
            Some(TypeDefKind::Tuple(tuple)) => tuple.types.iter().any(|ty| self.owns(*ty)),
            Some(TypeDefKind::FixedLengthList(ty, _)) => self.owns(*ty),
            Some(TypeDefKind::Variant(variant)) => {
                let first = variant.cases.first().and_then(|case| case.ty);
                first.is_some_and(|ty| self.owns(ty))
            }
            Some(TypeDefKind::Result(result)) => result.ok.is_some_and(|ty| self.owns(ty)),
            _ => false,
        }
    }

    /// Puts an answer into memory; its address.
    fn store(&mut self, bytes: &[u8]) -> Result<u32, String> {
        let at = self.memory.len();
        self.memory.extend_from_slice(bytes);
        self.memory.resize(self.memory.len().next_multiple_of(8), 0);
        if self.memory.len() as u32 > ZEROS_AT {
            return Err("it imports more than there is room for answers".to_owned());
        }
        Ok(at as u32)
    }

    fn function(&mut self, name: &str, signature: &WasmSignature, answer: &Answer) {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        match *answer {
            Answer::Trap => {
                code.unreachable();
            }
            Answer::Zero => {
                for result in &signature.results {
                    zero(&mut code, *result);
                }
            }
            Answer::Number(number) => match signature.results.first() {
                Some(WasmType::I32) => {
                    code.i32_const(number as i32);
                }
                Some(other) => zero(&mut code, *other),
                None => {}
            },
            Answer::Handle(import) => {
                code.i32_const(0).call(import);
            }
            Answer::Stored(at) => {
                code.i32_const(at as i32);
            }
            Answer::Zeros(at) => zeros(&mut code, at),
        }
        code.end();
        self.export(name, signature, &function);
    }

    fn export(&mut self, name: &str, signature: &WasmSignature, function: &Function) {
        let ty = self.types.len();
        let types = |types: &[WasmType]| types.iter().map(|ty| val_type(*ty)).collect::<Vec<_>>();
        self.types
            .ty()
            .function(types(&signature.params), types(&signature.results));
        let index = self.imported + self.functions.len();
        self.functions.function(ty);
        self.exports.export(name, ExportKind::Func, index);
        self.code.function(function);
    }

    fn finish(mut self) -> Vec<u8> {
        let signature = WasmSignature {
            params: vec![WasmType::I32; 4],
            results: vec![WasmType::I32],
            indirect_params: false,
            retptr: false,
        };
        let name = self.resolve.wasm_export_name(MANGLING, WasmExport::Realloc);
        self.export(&name, &signature, &scratch());
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 2,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let name = self.resolve.wasm_export_name(MANGLING, WasmExport::Memory);
        self.exports.export(&name, ExportKind::Memory, 0);
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(0), self.memory.iter().copied());
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&memories)
            .section(&self.exports)
            .section(&self.code)
            .section(&data);
        module.finish()
    }
}

/// A list as the canonical ABI lays it out.
fn list(at: u32, length: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&at.to_le_bytes());
    bytes[4..].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Answers with as many zeros as the first parameter says.
fn zeros(code: &mut InstructionSink<'_>, at: u32) {
    let memory = |offset| MemArg {
        offset,
        align: 2,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    code.local_get(0)
        .i64_const(i64::from(ZEROS_MAX))
        .i64_gt_u()
        .if_(BlockType::Empty)
        .unreachable()
        .end()
        .i32_const(at as i32)
        .i32_const(ZEROS_AT as i32)
        .i32_store(memory(0))
        .i32_const(at as i32)
        .local_get(0)
        .i32_wrap_i64()
        .i32_store(memory(4))
        .i32_const(at as i32);
}

/// The allocator of what a guest hands over: one place for all, grown to what is asked for.
fn scratch() -> Function {
    let mut function = Function::new([]);
    function
        .instructions()
        // The pages that it takes beyond those that are there.
        .local_get(3)
        .i64_extend_i32_u()
        .i64_const(i64::from(SCRATCH_AT + PAGE_BYTES - 1))
        .i64_add()
        .i64_const(i64::from(PAGE_BYTES))
        .i64_div_u()
        .i32_wrap_i64()
        .memory_size(0)
        .i32_sub()
        .local_tee(0)
        .i32_const(0)
        .i32_gt_s()
        .if_(BlockType::Empty)
        .local_get(0)
        .memory_grow(0)
        .i32_const(-1)
        .i32_eq()
        .if_(BlockType::Empty)
        .unreachable()
        .end()
        .end()
        .i32_const(SCRATCH_AT as i32)
        .end();
    function
}

fn zero(code: &mut InstructionSink<'_>, ty: WasmType) {
    match val_type(ty) {
        ValType::I64 => code.i64_const(0),
        ValType::F32 => code.f32_const(0.0.into()),
        ValType::F64 => code.f64_const(0.0.into()),
        _ => code.i32_const(0),
    };
}

fn val_type(ty: WasmType) -> ValType {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}
