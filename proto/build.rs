//! Compiles the `.proto` files in pure Rust, so that nobody needs `protoc` to build.

use prost::Message as _;
use std::{env, error::Error, fs, path::PathBuf};

const FILES: &[&str] = &[
    "ostia/v1/audit.proto",
    "ostia/v1/backup.proto",
    "ostia/v1/browser_sessions.proto",
    "ostia/v1/bundles.proto",
    "ostia/v1/groups.proto",
    "ostia/v1/idempotency.proto",
    "ostia/v1/identity.proto",
    "ostia/v1/keys.proto",
    "ostia/v1/manifest.proto",
    "ostia/v1/plans.proto",
    "ostia/v1/policies.proto",
    "ostia/v1/prices.proto",
    "ostia/v1/settings.proto",
    "ostia/v1/sync.proto",
    "ostia/v1/upstreams.proto",
    "ostia/v1/usage.proto",
    "ostia/v1/vault.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=ostia");
    let descriptors = protox::compile(FILES, ["."])?;
    // `compile_fds` writes no descriptor file, and gRPC reflection needs one.
    #[allow(
        clippy::disallowed_methods,
        reason = "cargo tells a build script where to write this way"
    )]
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(
        out.join("ostia_descriptor.bin"),
        descriptors.encode_to_vec(),
    )?;
    tonic_prost_build::configure()
        // By far the larger of two each.
        .boxed(".ostia.v1.AuthenticateResponse.decision.principal")
        .boxed(".ostia.v1.Question.ask.probe")
        .boxed(".ostia.v1.AnswerRequest.said.probed")
        .compile_fds(descriptors)?;
    Ok(())
}
