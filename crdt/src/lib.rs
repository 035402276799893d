#![cfg_attr(not(feature = "std"), no_std)]
//! State that converges without asking anybody.

extern crate alloc;

mod add_wins_set;
mod causal;
mod dot_fun;
mod dot_map;
mod dot_set;
mod dot_store;
mod g_counter;
mod join;
pub mod laws;
mod lww_register;
mod mv_register;
mod pn_counter;

pub use add_wins_set::AddWinsSet;
pub use causal::{Causal, TwoEvents};
pub use dot_fun::DotFun;
pub use dot_map::DotMap;
pub use dot_set::DotSet;
pub use dot_store::{Change, DotStore};
pub use g_counter::GCounter;
pub use join::Join;
pub use lww_register::{LwwRegister, NotLater, TwoWrites, Write};
pub use mv_register::MvRegister;
pub use pn_counter::PnCounter;
