//! Makes sure that the folder which holds the built page exists, so that a fresh clone compiles
//! without Node, and has the crate built again when the page was.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("console/dist");
    std::fs::create_dir_all(&built)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", built.display());
    Ok(())
}
