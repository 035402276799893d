use crate::crdt::traces::{Edit, Patch, Trace};

/// One writer's copy of a text in some system: the same few things asked of each.
pub(crate) trait Editor: Sized {
    /// What tells others of an edit: bytes, but for one that is also looked at without them.
    type Message;

    /// The empty text of a writer.
    fn new(agent: usize) -> Self;

    /// Types here, for nobody else yet.
    fn splice(&mut self, patch: &Patch);

    /// Ends what typing here has opened.
    fn settle(&mut self) {}

    /// Types here, and tells the others.
    fn tell(&mut self, patches: &[Patch]) -> Self::Message;

    /// Takes in what another has told.
    fn hear(&mut self, message: &Self::Message);

    /// How many bytes a message is.
    fn bytes(message: &Self::Message) -> usize;

    /// The text as it is now.
    fn text(&self) -> String;
}

/// A system that can tell of everything at once.
pub(crate) trait Batch: Editor {
    /// All that is known here in one message.
    fn whole(&self) -> Self::Message;
}

/// A system that can write a text to a file.
pub(crate) trait Archive: Batch {
    /// All that is known here.
    fn save(&self) -> Vec<u8>;

    /// The copy of somebody who reads that.
    fn load(file: &[u8]) -> Self;
}

/// The text after all edits of one writer, typed one by one.
pub(crate) fn typed<'p, E: Editor>(patches: impl IntoIterator<Item = &'p Patch>) -> E {
    let mut editor = E::new(0);
    for patch in patches {
        editor.splice(patch);
    }
    editor.settle();
    editor
}

/// The text of somebody who hears of the edits one by one.
pub(crate) fn heard<E: Editor>(messages: &[E::Message]) -> E {
    // A number that no writer has.
    let mut editor = E::new(7);
    for message in messages {
        editor.hear(message);
    }
    editor
}

/// A session as it was lived: each writer types on what he has heard of, which is what the trace says and no more.
pub(crate) struct Told<E: Editor> {
    /// What was told, edit by edit.
    pub(crate) messages: Vec<E::Message>,
    /// The text of a writer who has heard of everything.
    pub(crate) all: E,
}

impl<E: Editor> Told<E> {
    pub(crate) fn of(trace: &Trace) -> Self {
        let agents = trace.agents();
        let mut editors: Vec<E> = (0..agents).map(E::new).collect();
        let mut known = vec![vec![false; agents]; trace.edits.len()];
        let mut messages: Vec<E::Message> = Vec::with_capacity(trace.edits.len());
        for (at, Edit { agent, parents, patches }) in trace.edits.iter().enumerate() {
            let mut unknown = Vec::new();
            let mut wanted = parents.clone();
            while let Some(needed) = wanted.pop() {
                if !std::mem::replace(&mut known[needed][*agent], true) {
                    unknown.push(needed);
                    wanted.extend(&trace.edits[needed].parents);
                }
            }
            unknown.sort_unstable();
            for needed in unknown {
                editors[*agent].hear(&messages[needed]);
            }
            messages.push(editors[*agent].tell(patches));
            known[at][*agent] = true;
        }
        let mut all = editors.swap_remove(0);
        for (message, knows) in messages.iter().zip(&known) {
            if !knows[0] {
                all.hear(message);
            }
        }
        Self { messages, all }
    }
}
