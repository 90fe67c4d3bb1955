//! Where `./test` put them.

use crate::harness::environment;
use std::path::{Path, PathBuf};

/// A file below `.peers`. A missing one fails the test: skipping would look like success.
#[track_caller]
fn peer(path: &str) -> PathBuf {
    let path = environment::peers().join(path);
    assert!(
        path.exists(),
        "{} is missing: run `./test install`, or `./test peers`, which does both",
        path.display()
    );
    path
}

#[track_caller]
pub(crate) fn node() -> PathBuf {
    peer("npm/node_modules/node/bin/node")
}

#[track_caller]
pub(crate) fn everything() -> PathBuf {
    peer("npm/node_modules/@modelcontextprotocol/server-everything/dist/index.js")
}

#[track_caller]
pub(crate) fn filesystem() -> PathBuf {
    peer("npm/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js")
}

#[track_caller]
pub(crate) fn memory() -> PathBuf {
    peer("npm/node_modules/@modelcontextprotocol/server-memory/dist/index.js")
}

#[track_caller]
pub(crate) fn inspector() -> PathBuf {
    peer("npm/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js")
}

/// Where both versions of the TypeScript SDK are.
#[track_caller]
pub(crate) fn sdks() -> PathBuf {
    peer("npm/node_modules/@modelcontextprotocol")
}

#[track_caller]
pub(crate) fn conformance() -> PathBuf {
    peer("npm/node_modules/@modelcontextprotocol/conformance/dist/index.js")
}

/// The fixture upstream, which cargo builds beside the program.
#[track_caller]
pub(crate) fn fixture() -> PathBuf {
    let folder = Path::new(environment::OSTIA).parent().expect("a folder");
    let path = folder.join("examples/fixture-upstream");
    let hint = "run `cargo build --workspace --examples`, or `./test peers`, which does it";
    assert!(path.exists(), "{} is missing: {hint}", path.display());
    path
}

/// Which folder of Python packages: the SDK before 2.0 cannot be where the one since is.
#[derive(Clone, Copy)]
pub(crate) enum Python {
    V1,
    V2,
}

#[track_caller]
pub(crate) fn python(packages: Python) -> PathBuf {
    peer(match packages {
        Python::V1 => "python-v1/bin/python",
        Python::V2 => "python/bin/python",
    })
}

/// A server of the newer packages, by its program's name.
#[track_caller]
pub(crate) fn python_server(program: &str) -> PathBuf {
    peer("python/bin").join(program)
}

#[track_caller]
pub(crate) fn schemathesis() -> PathBuf {
    peer("schemathesis/bin/st")
}
