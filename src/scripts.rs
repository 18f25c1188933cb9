//! Where a process that is worked on gets its scripts from.

use clap::Args;

use crate::failure::Failure;

/// Scripts from a folder in place of the ones compiled in. In a release build there is no such setting.
#[derive(Args, Debug, Clone)]
pub struct Scripts {
    /// Folder with the layout of lua/scripts from which the scripts are read at start
    #[cfg(debug_assertions)]
    #[arg(long, env, value_name = "DIR", hide = true)]
    scripts_dir: Option<std::path::PathBuf>,
}

impl Scripts {
    /// Reads them, where a folder is named. To be called before Redis is connected to.
    #[cfg(debug_assertions)]
    pub fn read(&self) -> Result<(), Failure> {
        let Some(folder) = &self.scripts_dir else { return Ok(()) };
        lua::script::folder::read(folder).map_err(|unreadable| {
            Failure::settings(format!(
                "{unreadable}: SCRIPTS_DIR (--scripts-dir) names a folder with all files of lua/scripts"
            ))
        })?;
        tracing::warn!(folder = %folder.display(), "scripts are read from a folder");
        Ok(())
    }

    /// There are none but the ones compiled in.
    #[cfg(not(debug_assertions))]
    pub fn read(&self) -> Result<(), Failure> {
        Ok(())
    }
}
