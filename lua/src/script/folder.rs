//! Scripts from a folder in place of the ones compiled in, in debug builds alone: a script can be
//! changed without a build, and a test can give one process an older set, or a broken one.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Source, sources};

/// The joined texts by the scripts' names, once they were read.
static TEXTS: OnceLock<HashMap<&'static str, String>> = OnceLock::new();

/// A file that is needed and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read ({reason})", .path.display())]
pub struct Unreadable {
    path: PathBuf,
    reason: io::Error,
}

/// Reads every script and the library files it uses from a folder with the layout of `lua/scripts`.
/// To be called before any script is run, as each is fixed by its first use; a later call changes
/// nothing.
pub fn read(folder: &Path) -> Result<(), Unreadable> {
    let mut files = Files { folder, read: BTreeMap::new() };
    let mut texts = HashMap::new();
    for source in sources() {
        texts.insert(source.name, files.joined(source)?);
    }
    // Set already: the scripts of a process are read once.
    let _ = TEXTS.set(texts);
    Ok(())
}

/// What stands in the folder in place of a script's own text.
pub(super) fn text(name: &str) -> Option<&'static str> {
    TEXTS.get()?.get(name).map(String::as_str)
}

/// The files that were read, each once.
struct Files<'a> {
    folder: &'a Path,
    read: BTreeMap<String, String>,
}

impl Files<'_> {
    fn joined(&mut self, source: &Source) -> Result<String, Unreadable> {
        let mut text = String::new();
        for lib in source.groups.iter().copied().flatten().chain(source.uses) {
            text += self.file(&format!("lib/{lib}.lua"))?;
        }
        text += self.file(&format!("{}.lua", source.name))?;
        Ok(text)
    }

    fn file(&mut self, name: &str) -> Result<&str, Unreadable> {
        if !self.read.contains_key(name) {
            let path = self.folder.join(name);
            let text = std::fs::read_to_string(&path);
            let text = text.map_err(|reason| Unreadable { path, reason })?;
            self.read.insert(name.to_owned(), text);
        }
        Ok(&self.read[name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repositorys_folder_gives_the_texts_compiled_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        let mut files = Files { folder: &folder, read: BTreeMap::new() };
        for source in sources() {
            let joined = files.joined(source).expect("readable");
            assert!(joined == source.text, "{} is joined otherwise", source.name);
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("/nowhere")).expect_err("there is none");
        let text = error.to_string();
        assert!(text.starts_with("/nowhere/lib/") && text.contains("cannot be read"), "{text}");
    }
}
