//! The program `tidings check`, as somebody runs it: what it prints, says and ends with.

mod forms;
mod program;
mod recorded;
mod wrong;
