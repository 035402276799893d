//! Synchronisation in the simulated world: replicas that hear each other now and then come to one state.

mod explored;
mod hostile;
mod intervals;
mod reconciliation;
mod writers;
