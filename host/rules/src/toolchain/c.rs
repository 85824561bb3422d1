//! C: clang for WebAssembly without an operating system, the SDK's mini libc, then the component from the module.
//!
//! Called by `toolchain`. The SDK writes the contract's exports itself, by the canonical ABI, so no bindings are
//! generated. Zig brings the same compiler and is taken where there is no clang.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;
use signalbox_model::describe::RuleKind;

use super::{
    BuildError, Language, encode, file, kinds_of, process, read, read_text, scratch, sdk, world,
};

/// What the plugin says of itself, which is its manifest too.
pub(super) const DESCRIPTION: &str = "description.json";

/// Debian's packages of one version bring only the name with its number.
const CLANGS: [&str; 10] = [
    "clang", "clang-22", "clang-21", "clang-20", "clang-19", "clang-18", "clang-17", "clang-16",
    "clang-15", "clang-14",
];
/// By itself, or as the package `ziglang` of the Python package index names it.
const ZIGS: [&str; 2] = ["zig", "python-zig"];

/// A rule's stack; a deeper recursion traps.
const STACK_BYTES: u32 = 256 << 10;

pub(super) fn build(folder: &Path) -> Result<Vec<u8>, BuildError> {
    let path = folder.join(DESCRIPTION);
    let text = read_text(&path)?;
    let wrong = |reason: String| BuildError::Manifest {
        path: path.clone(),
        reason,
    };
    let description: Json = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let names = description["rules"]
        .as_object()
        .map(|rules| rules.keys().map(String::as_str).collect());
    let kinds = kinds_of(&path, names)?;
    let scratch = scratch()?;
    let mut core = read(&module(folder, &text, &kinds, scratch.path())?)?;
    let component = world::embed(&mut core, &kinds).and_then(|()| encode(&core));
    component.map_err(|reason| BuildError::Component {
        module: folder.to_owned(),
        reason,
    })
}

/// The core module, in the scratch folder.
fn module(
    folder: &Path,
    description: &str,
    kinds: &[RuleKind],
    scratch: &Path,
) -> Result<PathBuf, BuildError> {
    let compiler = compiler()?;
    let sdk = sdk_of(folder, scratch)?;
    let describing = scratch.join("description.c");
    fs::write(&describing, describing_source(description)).map_err(file(&describing))?;
    let mut ours = sources(&sdk);
    ours.extend([sdk.join("libc/libc.c"), describing]);
    // Each in a folder of its own: a plugin may have a file with the name of one of ours.
    let (own, shared) = (scratch.join("own"), scratch.join("shared"));
    compile(&compiler, &sdk, kinds, &sources(folder), &own)?;
    compile(&compiler, &sdk, kinds, &ours, &shared)?;
    let out = scratch.join("module.wasm");
    let mut command = compiler.command();
    // Without a level of optimization clang does not run a `wasm-opt` that happens to be there, of whatever age.
    command
        .args(["-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"])
        .arg(format!("-Wl,-z,stack-size={STACK_BYTES}"))
        .args(files_of(&own, "o"))
        .args(files_of(&shared, "o"))
        .arg("-o")
        .arg(&out);
    process::run(&mut command, scratch)?;
    Ok(out)
}

/// Compiles sources into objects in a new folder, one at a time: zig takes only the first of several.
fn compile(
    compiler: &Compiler,
    sdk: &Path,
    kinds: &[RuleKind],
    sources: &[PathBuf],
    objects: &Path,
) -> Result<(), BuildError> {
    fs::create_dir(objects).map_err(file(objects))?;
    for source in sources {
        let mut command = compiler.command();
        command
            .args(["-c", "-std=c11", "-Os", "-Wall", "-Wextra"])
            .args(["-ffreestanding", "-nostdlib", "-mbulk-memory"])
            .arg("-isystem")
            .arg(sdk.join("libc"))
            .arg("-I")
            .arg(sdk)
            .args(kinds.iter().map(|kind| has(*kind)))
            .arg(source);
        process::run(&mut command, objects)?;
    }
    Ok(())
}

/// The C sources in a folder; tests lie in a folder below.
pub(super) fn sources(folder: &Path) -> Vec<PathBuf> {
    files_of(folder, "c")
}

/// The files of a kind in a folder, in order.
fn files_of(folder: &Path, wanted: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == wanted)
        })
        .collect();
    found.sort();
    found
}

/// The plugin's own copy of the SDK, else ours.
fn sdk_of(folder: &Path, scratch: &Path) -> Result<PathBuf, BuildError> {
    let own = folder.join(sdk::FOLDER);
    if own.is_dir() {
        return Ok(own);
    }
    sdk::write(Language::C, scratch)?;
    Ok(scratch.join(sdk::FOLDER))
}

fn has(kind: RuleKind) -> String {
    format!("-DSB_HAS_{}", kind.as_str().to_uppercase())
}

fn describing_source(description: &str) -> String {
    let bytes: Vec<String> = description.bytes().map(|byte| byte.to_string()).collect();
    format!(
        "const char sb_description[] = {{{}}};\nconst __SIZE_TYPE__ sb_description_length = sizeof sb_description;\n",
        bytes.join(",")
    )
}

/// A compiler with its linker, and the arguments that make it one for WebAssembly.
struct Compiler {
    program: PathBuf,
    target: &'static [&'static str],
}

impl Compiler {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.target);
        command
    }
}

fn compiler() -> Result<Compiler, BuildError> {
    if let Some(program) = process::find(&[], &CLANGS)
        && links(&program)?
    {
        return Ok(Compiler {
            program,
            target: &["--target=wasm32-unknown-unknown"],
        });
    }
    let program = process::find(&[], &ZIGS).ok_or_else(|| BuildError::Missing {
        tool: "clang with lld",
        purpose: "compiles C",
        command: "apt-get install clang lld (or: python3 -m pip install ziglang)".to_owned(),
    })?;
    Ok(Compiler {
        program,
        target: &[
            "cc",
            "--target=wasm32-freestanding",
            "-fno-sanitize=undefined",
        ],
    })
}

/// Whether clang finds its linker for WebAssembly: it answers the bare name where there is none.
fn links(clang: &Path) -> Result<bool, BuildError> {
    let here = std::env::temp_dir();
    let mut command = Command::new(clang);
    let output = process::output(command.arg("--print-prog-name=wasm-ld"), &here)?;
    let answer = String::from_utf8_lossy(&output.stdout);
    Ok(Path::new(answer.trim()).is_absolute())
}
