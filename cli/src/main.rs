//! The program `tidings`. Everything it does is in the library beside it.

use std::process::ExitCode;

use clap::Parser as _;
use tidings::Arguments;

fn main() -> ExitCode {
    Arguments::parse().run().into()
}
