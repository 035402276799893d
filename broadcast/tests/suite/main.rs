//! All tests of the crate from outside, in one program: each by itself would compile the same stacks again.

mod causal;
mod explore;
mod explored;
mod fifo;
mod hostile;
mod layering;
mod links;
mod links_explored;
mod loose;
mod reliable;
mod rules;
mod rules_orders;
mod stacks;
mod total_order;
mod total_order_hostile;
