use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Hears how far a replay is.
pub trait Progress {
    /// A phase begins, of so many steps.
    fn begin(&mut self, phase: &'static str, steps: u64);

    /// So many steps of the phase are done in all.
    fn done(&mut self, steps: u64);

    /// The last phase is over.
    fn end(&mut self);
}

/// Nobody listens.
impl Progress for () {
    fn begin(&mut self, _phase: &'static str, _steps: u64) {}
    fn done(&mut self, _steps: u64) {}
    fn end(&mut self) {}
}

/// A bar on standard error, if that is a terminal.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar that is not shown yet; never, if standard error is no terminal.
    #[must_use]
    pub fn new() -> Self {
        let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{msg:<22} {wide_bar} {pos}/{len}").expect("the template is right");
        Self(ProgressBar::with_draw_target(None, target).with_style(style))
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Bar {
    fn begin(&mut self, phase: &'static str, steps: u64) {
        self.0.set_length(steps);
        self.0.set_position(0);
        self.0.set_message(phase);
    }

    fn done(&mut self, steps: u64) {
        self.0.set_position(steps);
    }

    fn end(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A replay that fails leaves no bar behind.
impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
