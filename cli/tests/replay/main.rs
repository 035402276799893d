//! The program as a person runs it: on repositories made through git, on editing traces, and on what is neither.

mod bad_input;
mod editing_traces;
mod git_histories;
mod output;
mod program;
mod random_histories;
mod scratch;
mod size;
