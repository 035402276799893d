//! Fuzz bodies for everything that takes bytes or messages from outside.
//!
//! A body is a function of bytes that panics if a promise is broken. `cargo test` runs each over its committed corpus and over a few thousand
//! mutations of it; `cargo +nightly fuzz run --features libfuzzer NAME` searches for more. To add one: a function here, a row in [`BODIES`], a
//! binary in `fuzz_targets/`, and a small corpus in `corpus/NAME/`.

mod clocks;
mod clocks_executions;
mod clocks_intervals;
mod clocks_physical;
mod clocks_versions;
mod documents;
mod formats;
mod guards;
mod operations;
mod peers;
mod pruned_texts;
mod replicas;
mod synchronisation;
mod texts;
mod worlds;

/// A fuzz body by its name, which is also the name of its corpus and its binary.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// The name.
    pub name: &'static str,
    /// Runs it on one input.
    pub run: fn(&[u8]),
}

/// All bodies.
pub const BODIES: &[Body] = &[
    Body { name: "any_log", run: formats::any_log },
    Body { name: "bounded_clock", run: clocks_physical::bounded_clock },
    Body { name: "causal_context", run: clocks::causal_context },
    Body { name: "clocks_serde", run: clocks::clocks_serde },
    Body { name: "clocks_wire", run: clocks::clocks_wire },
    Body { name: "crdt_states", run: replicas::crdt_states },
    Body { name: "document_bytes", run: documents::document_bytes },
    Body { name: "document_replicas", run: documents::document_replicas },
    Body { name: "document_states", run: documents::document_states },
    Body { name: "dotted_versions", run: clocks_versions::dotted_versions },
    Body { name: "editing_trace", run: formats::editing_trace },
    Body { name: "edn_history", run: formats::edn_history },
    Body { name: "exception_vector", run: clocks_versions::exception_vector },
    Body { name: "executions", run: clocks_executions::executions },
    Body { name: "guarded_replicas", run: guards::guarded_replicas },
    Body { name: "hybrid_clock", run: clocks::hybrid_clock },
    Body { name: "interval_tree", run: clocks_intervals::interval_tree },
    Body { name: "peers", run: peers::peers },
    Body { name: "pure_replicas", run: operations::pure_replicas },
    Body { name: "raft_log", run: formats::raft_log },
    Body { name: "shared_hybrid_clock", run: clocks_physical::shared_hybrid_clock },
    Body { name: "shiviz_log", run: formats::shiviz_log },
    Body { name: "synchronisation", run: synchronisation::synchronisation },
    Body { name: "text_delta_document", run: texts::text_delta_document },
    Body { name: "text_deltas", run: replicas::text_deltas },
    Body { name: "text_document", run: texts::text_document },
    Body { name: "text_pruned", run: pruned_texts::text_pruned },
    Body { name: "text_replica_document", run: pruned_texts::text_replica_document },
    Body { name: "text_replicas", run: replicas::text_replicas },
    Body { name: "text_rich", run: texts::text_rich },
    Body { name: "time_agreement", run: clocks_physical::time_agreement },
    Body { name: "tree_replicas", run: documents::tree_replicas },
    Body { name: "vector_clock", run: clocks::vector_clock },
    Body { name: "version_vectors", run: clocks_versions::version_vectors },
    Body { name: "world", run: worlds::world },
];

/// Runs the body of this name.
///
/// # Panics
/// If there is none, or if it finds a broken promise.
pub fn run(name: &str, bytes: &[u8]) {
    let body = BODIES.iter().find(|body| body.name == name).unwrap_or_else(|| panic!("there is no fuzz body {name}"));
    (body.run)(bytes);
}
