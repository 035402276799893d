//! Synchronisation in the simulated world: replicas that hear each other now and then come to one state.
#![expect(unreachable_pub, reason = "this is a program of tests: nothing in it is reachable from outside")]

mod explored;
mod hostile;
mod intervals;
mod reconciliation;
mod writers;
