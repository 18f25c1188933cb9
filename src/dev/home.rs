//! `.realtime/`: what `realtime dev` keeps from one run to the next, and the lock that keeps a
//! second one out.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Where data are kept unless told otherwise.
pub const DATA_DIR: &str = ".realtime";

/// The directory, locked as long as this lives.
pub struct Home {
    dir: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes the directory if need be, and locks it. The lock goes with the process, however it
    /// ends.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::run(format!(
                "{} cannot be used ({error}): choose another directory with --data",
                dir.display()
            ))
        };
        fs::create_dir_all(dir).map_err(unusable)?;
        let lock = OpenOptions::new().create(true).append(true).open(dir.join("lock"));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::run(format!(
                "another `realtime dev` is using {}: stop it, or choose another directory with \
                 --data and another --port",
                dir.display()
            ))),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// The directory of Redis's files. Absolute, as Redis changes into it.
    pub fn redis_dir(&self) -> PathBuf {
        let dir = self.dir.join("redis");
        std::path::absolute(&dir).unwrap_or(dir)
    }

    /// The secret for tokens, made at the first run and readable by the owner alone.
    pub fn secret(&self) -> Result<String, Failure> {
        if let Some(secret) = stored_secret(&self.dir)? {
            return Ok(secret);
        }
        let secret: String =
            rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = secret_path(&self.dir);
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| writeln!(file, "{secret}"))
            .map_err(|e| Failure::run(format!("{} cannot be written ({e})", path.display())))?;
        Ok(secret)
    }
}

/// The secret that `realtime dev` keeps in `dir`, if there is one.
pub fn stored_secret(dir: &Path) -> Result<Option<String>, Failure> {
    let path = secret_path(dir);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|secret| !secret.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::run(format!("{} cannot be read ({error})", path.display()))),
    }
}

fn secret_path(dir: &Path) -> PathBuf {
    dir.join("secret")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_a_second_process_is_kept_out() {
        let dir = std::env::temp_dir().join(format!("realtime-home-{}", rand::random::<u64>()));
        let home = Home::open(&dir).expect("a new directory");
        let secret = home.secret().expect("a new secret");
        assert_eq!(secret.len(), 64);
        assert_eq!(home.secret().expect("the same again"), secret);
        assert_eq!(stored_secret(&dir).expect("readable"), Some(secret));
        let mode = fs::metadata(secret_path(&dir)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let second = Home::open(&dir).err().expect("locked").to_string();
        assert!(second.starts_with("another `realtime dev` is using"), "{second}");
        drop(home);
        Home::open(&dir).expect("free again");
        fs::remove_dir_all(&dir).expect("ours");
    }

    #[test]
    fn no_directory_has_no_secret() {
        assert_eq!(stored_secret(Path::new("/nonexistent")).expect("no failure"), None);
    }
}
