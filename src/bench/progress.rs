//! Progress bars on stderr; nothing where stderr is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// The bar of one phase. It goes when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar that is full at `length`.
    pub fn new(length: u64, what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {percent:>3} %  {msg}");
        let bar = ProgressBar::new(length).with_prefix(what);
        Self(bar.with_style(style.expect("the template is well-formed")))
    }

    /// Ends this bar and begins another one in its place.
    pub fn next(self, length: u64, what: &'static str) -> Self {
        drop(self);
        Self::new(length, what)
    }

    /// Shows how far it is.
    pub fn show(&self, position: u64, message: String) {
        self.0.set_position(position);
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
