//! All small histories of a text in its three forms, under causal delivery: by states, by deltas, and as operations, whether nothing is ever pruned or as soon as anything is stable, they must show the
//! same, which is what the paper's tree makes of the operations that are visible.

use std::fmt;
use std::rc::Rc;

use tidings_clocks::{Dot, EventStamp, Rank, VectorClock};
use tidings_crdt::pure::{Limits, Rejected, Stamped};
use tidings_crdt::{Expand, Join, Text, TextDelta, TextError, TextReplica};

use crate::laws::operations::{Event, frontier};
use crate::laws::oracle::{Operations, Violation, is_least};
use crate::text::twin::{self, Id, Twin};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Edit {
    /// One character before all others.
    First,
    /// Two characters behind the first one.
    Inside,
    /// Deletes the first character.
    Remove,
    /// Marks the first two characters, and what comes between them.
    Mark,
    /// Takes the mark off them.
    Unmark,
}

const TYPING: &[Edit] = &[Edit::First, Edit::Inside, Edit::Remove];
const MARKING: &[Edit] = &[Edit::Inside, Edit::Remove, Edit::Mark, Edit::Unmark];

const LIMITS: Limits = Limits { own: 64, each: 64 };

type Message = Stamped<TextDelta<Rank>>;

/// An operation, as it travels in each form, and as it is specified.
struct Made {
    /// As one made it that never prunes.
    message: Message,
    /// As one made it that prunes: it may say in another way where it types, but it means the same.
    by_pruned: Message,
    /// Its maker's text after it.
    state: Text<Rank>,
    seen: Operations,
    specified: Vec<twin::Operation>,
    mark: Option<Mark>,
}

/// From one character to another: on or off. Of several, that of the greatest stamp counts.
#[derive(Clone, Copy)]
struct Mark {
    stamp: (u64, u32),
    from: Id,
    to: Id,
    on: bool,
}

/// What is shown: each visible character's name and itself, and whether it is marked.
type Shown = Vec<(Id, char, bool)>;

/// The same replicas in three forms, the third of them twice. What a step does not change is shared with the world before it.
#[derive(Clone)]
struct World {
    by_state: Vec<Rc<Text<Rank>>>,
    by_delta: Vec<Rc<Text<Rank>>>,
    whole: Vec<Rc<TextReplica>>,
    pruned: Vec<Rc<TextReplica>>,
    seen: Vec<Operations>,
    history: Vec<Rc<Made>>,
    /// Whether to prune, wrongly, all that is delivered.
    eager: bool,
}

impl World {
    fn new(replicas: usize, eager: bool) -> Self {
        let operating: Vec<_> =
            (0..replicas).map(|me| Rc::new(TextReplica::new(Rank::new(me), replicas, LIMITS).expect("it is one of them"))).collect();
        let texts = vec![Rc::default(); replicas];
        let seen = vec![Operations::default(); replicas];
        Self { by_state: texts.clone(), by_delta: texts, whole: operating.clone(), pruned: operating, seen, history: Vec::new(), eager }
    }

    fn is_due(&self, operation: usize, to: usize) -> bool {
        !self.seen[to].contains(operation) && self.history[operation].seen.is_within(self.seen[to])
    }

    /// Does what the event says in all forms, and compares them where it happens.
    fn step(&mut self, event: Event<Edit>) -> Result<(), String> {
        let at = match event {
            Event::Update { at, update } => {
                self.edit(at, update)?;
                at
            }
            Event::Delivery { operation, to } => {
                self.deliver(operation, to)?;
                to
            }
        };
        self.check(at)?;
        (0..self.pruned.len()).try_for_each(|at| self.prune(at))
    }

    fn edit(&mut self, at: usize, edit: Edit) -> Result<(), String> {
        let (me, twin) = (Rank::new(at), self.twin(self.seen[at]));
        let delta = edited(Rc::make_mut(&mut self.by_delta[at]), me, edit);
        edited(Rc::make_mut(&mut self.by_state[at]), me, edit);
        let message = operated(Rc::make_mut(&mut self.whole[at]), edit);
        if message.operation != delta {
            return Err(format!("{edit:?} is {:?} as an operation and {delta:?} as a delta", message.operation));
        }
        let by_pruned = operated(Rc::make_mut(&mut self.pruned[at]), edit);
        if by_pruned.stamp != message.stamp || self.by_delta[at].parts_of(&by_pruned.operation) != self.by_delta[at].parts_of(&delta) {
            return Err(format!("{message:?} is {by_pruned:?} where it is pruned"));
        }
        if Rc::make_mut(&mut self.by_delta[at]).apply(&by_pruned.operation) != Ok(false) {
            return Err(format!("{by_pruned:?} does not mean what {message:?} means"));
        }
        let mark = self.specified_mark(&message, &twin, edit, self.seen[at])?;
        let specified = specified(twin, at, edit);
        let (state, seen) = (Text::clone(&self.by_state[at]), self.seen[at]);
        self.history.push(Rc::new(Made { message, by_pruned, state, seen, specified, mark }));
        self.seen[at] = seen.with(self.history.len() - 1);
        Ok(())
    }

    fn deliver(&mut self, operation: usize, to: usize) -> Result<(), String> {
        let made = Rc::clone(&self.history[operation]);
        self.seen[to] = self.seen[to].union(made.seen).with(operation);
        let (by_state, by_delta) = (Rc::make_mut(&mut self.by_state[to]), Rc::make_mut(&mut self.by_delta[to]));
        by_state.join(&made.state);
        by_delta.apply(&made.by_pruned.operation).map_err(|error| format!("a delta is refused: {error}"))?;
        if by_delta.apply(&made.message.operation) != Ok(false) || by_state.join(&made.state) {
            return Err("the same again was news".into());
        }
        for (replica, message) in [(&mut self.whole[to], &made.by_pruned), (&mut self.pruned[to], &made.message)] {
            Rc::make_mut(replica).deliver(message.clone()).map_err(|refused| format!("an operation is refused: {}", refused.why))?;
        }
        Ok(())
    }

    fn twin(&self, visible: Operations) -> Twin {
        let mut twin = Twin::default();
        for operation in visible.iter().flat_map(|made| &self.history[made].specified) {
            twin.apply(operation);
        }
        twin
    }

    /// The mark that an edit is, whose stamp must be greater than all that its maker has seen.
    fn specified_mark(&self, message: &Message, twin: &Twin, edit: Edit, seen: Operations) -> Result<Option<Mark>, String> {
        let Some(stamp) = message.operation.marks().first().map(|mark| (mark.stamp.counter, mark.stamp.actor.0)) else { return Ok(None) };
        if seen.iter().filter_map(|made| self.history[made].mark).any(|mark| mark.stamp >= stamp) {
            return Err(format!("the stamp {stamp:?} is not greater than those it has seen"));
        }
        let visible = twin.visible();
        Ok(Some(Mark { stamp, from: visible[0], to: visible[1.min(visible.len() - 1)], on: edit == Edit::Mark }))
    }

    /// What must be shown by whoever has seen so much.
    fn specified_shown(&self, visible: Operations) -> Shown {
        let twin = self.twin(visible);
        let place = |id: &Id| twin.walk().iter().position(|other| other == id).expect("it was typed");
        let mut marks: Vec<Mark> = visible.iter().filter_map(|made| self.history[made].mark).collect();
        marks.sort_unstable_by_key(|mark| mark.stamp);
        let is_marked = |id: &Id| {
            let covers = |mark: &&Mark| (place(&mark.from)..=place(&mark.to)).contains(&place(id));
            marks.iter().rfind(covers).is_some_and(|mark| mark.on)
        };
        twin.visible().iter().zip(twin.text().chars()).map(|(id, character)| (*id, character, is_marked(id))).collect()
    }

    fn check(&self, at: usize) -> Result<(), String> {
        let due = self.specified_shown(self.seen[at]);
        for (text, form) in [(&self.by_state[at], "states"), (&self.by_delta[at], "deltas")] {
            let found = shown(&text.to_string(), |position| text.dot_at(position), &text.marked_ranges());
            if found != due {
                return Err(format!("replica {at} shows {found:?} by {form}, not {due:?}"));
            }
        }
        if self.by_state[at] != self.by_delta[at] {
            return Err(format!("replica {at} is another one by states than by deltas"));
        }
        let mut delivered = VectorClock::new();
        for made in self.seen[at].iter() {
            delivered.join_event(&self.history[made].message.stamp);
        }
        for (replica, form) in [(&self.whole[at], "with all it ever had"), (&self.pruned[at], "pruned")] {
            let found = shown_by(replica);
            if found != due || *replica.delivered() != delivered {
                return Err(format!("replica {at} {form} shows {found:?}, not {due:?}"));
            }
        }
        Ok(())
    }

    /// Prunes what is stable, as the replica can know it.
    fn prune(&mut self, at: usize) -> Result<(), String> {
        let delivered: Vec<&VectorClock> = self.pruned.iter().map(|replica| replica.delivered()).collect();
        let stamps: Vec<&EventStamp> = self.history.iter().map(|made| &made.message.stamp).collect();
        let known = if self.eager { delivered[at].clone() } else { frontier(at, &delivered, &stamps) };
        if known == *self.pruned[at].stable() {
            return Ok(());
        }
        let replica = Rc::make_mut(&mut self.pruned[at]);
        replica.stabilise(&known).map_err(|behind| format!("replica {at} at {known:?}: {behind}"))?;
        replica.prune();
        let (found, due) = (shown_by(replica), self.specified_shown(self.seen[at]));
        if found == due { Ok(()) } else { Err(format!("after pruning up to {known:?} replica {at} shows {found:?}, not {due:?}")) }
    }

    /// Restarts those who prune from what they have saved, and delivers everything everywhere: then all are the same, and of what is deleted no more is left than one character beside each visible one.
    fn end(&self) -> Result<(), String> {
        let mut world = self.clone();
        for replica in &mut world.pruned {
            *replica = Rc::new(TextReplica::load(&replica.save(), LIMITS, 1 << 20).map_err(|error| error.to_string())?);
        }
        for to in 0..world.seen.len() {
            for operation in 0..world.history.len() {
                if world.is_due(operation, to) {
                    world.step(Event::Delivery { operation, to })?;
                }
            }
        }
        for at in 0..world.pruned.len() {
            world.refuses_all(at)?;
            let (replica, first) = (&world.pruned[at], &world.pruned[0]);
            if world.by_state[at] != world.by_state[0] || shown_by(replica) != shown_by(first) {
                return Err(format!("replicas 0 and {at} differ"));
            }
            let (stats, all) = (replica.stats(), world.by_state[at].stats().characters);
            let most = 2 * stats.visible + 4 * stats.marks + 1;
            if replica.unstable() != 0 || stats.characters != first.stats().characters || stats.characters > most.min(all) {
                return Err(format!("all is stable, and replica {at} keeps {stats:?}"));
            }
        }
        Ok(())
    }

    /// Offers everything once more, which must change nothing.
    fn refuses_all(&mut self, at: usize) -> Result<(), String> {
        for made in &self.history {
            let is_mine = made.message.stamp.rank() == Rank::new(at);
            let [whole, pruned] = if is_mine { [&made.message, &made.by_pruned] } else { [&made.by_pruned, &made.message] };
            for (replica, message) in [(&mut self.whole[at], whole), (&mut self.pruned[at], pruned)] {
                match Rc::make_mut(replica).deliver(message.clone()).map_err(|refused| refused.why) {
                    Err(Rejected::Duplicate { dot }) if dot == message.stamp.dot() => {}
                    other => return Err(format!("{message:?} once more: {other:?}")),
                }
            }
        }
        self.check(at)
    }
}

fn shown(text: &str, name: impl Fn(usize) -> Option<Dot<Rank>>, marked: &[tidings_crdt::MarkedRange<'_>]) -> Shown {
    let is_marked = |position: usize| marked.iter().any(|range| range.range.contains(&position) && !range.marks.is_empty());
    let name = |position: usize| name(position).map(|dot| Id::new(dot.actor.0, dot.counter)).expect("visible");
    text.chars().enumerate().map(|(position, character)| (name(position), character, is_marked(position))).collect()
}

fn shown_by(replica: &TextReplica) -> Shown {
    shown(&replica.to_string(), |position| replica.dot_at(position), &replica.marked_ranges())
}

/// Does the edit on a text; the first two characters are as many as there are.
fn edited(text: &mut Text<Rank>, me: Rank, edit: Edit) -> TextDelta<Rank> {
    let len = text.len();
    match edit {
        Edit::First => text.insert(me, 0, "1"),
        Edit::Inside => text.insert(me, 1.min(len), "23"),
        Edit::Remove => text.remove(0..1),
        Edit::Mark => text.mark(me, 0..2.min(len), "bold", "", Expand::Neither),
        Edit::Unmark => text.unmark(me, 0..2.min(len), "bold", Expand::Neither),
    }
    .expect("in range")
}

fn operated(replica: &mut TextReplica, edit: Edit) -> Message {
    let len = replica.len();
    let message: Result<Message, Rejected<TextError<Rank>>> = match edit {
        Edit::First => replica.splice(0..0, "1"),
        Edit::Inside => replica.splice(1.min(len)..1.min(len), "23"),
        Edit::Remove => replica.splice(0..1, ""),
        Edit::Mark => replica.mark(0..2.min(len), "bold", "", Expand::Neither),
        Edit::Unmark => replica.unmark(0..2.min(len), "bold", Expand::Neither),
    };
    message.expect("in range")
}

fn specified(mut twin: Twin, at: usize, edit: Edit) -> Vec<twin::Operation> {
    let me = u32::try_from(at).expect("small");
    let inside = 1.min(twin.visible().len());
    match edit {
        Edit::First => vec![twin.insert(me, 0, '1')],
        Edit::Inside => vec![twin.insert(me, inside, '2'), twin.insert(me, inside + 1, '3')],
        Edit::Remove => vec![twin.delete(0)],
        Edit::Mark | Edit::Unmark => Vec::new(),
    }
}

/// All histories of an alphabet up to the order of events that have nothing to do with each other. Replicas cannot be renamed, since actors' ids order siblings.
struct Search {
    alphabet: &'static [Edit],
    replicas: usize,
    events: Vec<Event<Edit>>,
    histories: u64,
}

impl Search {
    fn run(alphabet: &'static [Edit], replicas: usize, events: usize, eager: bool) -> Result<u64, Violation> {
        let mut search = Self { alphabet, replicas, events: Vec::new(), histories: 0 };
        search.go(&World::new(replicas, eager), events)?;
        Ok(search.histories)
    }

    fn go(&mut self, world: &World, left: usize) -> Result<(), Violation> {
        if left == 0 {
            self.histories += 1;
            return world.end().map_err(|what| self.violation(&what));
        }
        for at in 0..self.replicas {
            let is_empty = world.by_state[at].is_empty();
            for &update in self.alphabet.iter().filter(|edit| !is_empty || matches!(edit, Edit::First | Edit::Inside)) {
                self.append(world, left, Event::Update { at, update })?;
            }
            for operation in (0..world.history.len()).filter(|&operation| world.is_due(operation, at)) {
                self.append(world, left, Event::Delivery { operation, to: at })?;
            }
        }
        Ok(())
    }

    fn append(&mut self, world: &World, left: usize, event: Event<Edit>) -> Result<(), Violation> {
        if !is_least(&self.events, &event) {
            return Ok(());
        }
        let mut next = world.clone();
        self.events.push(event);
        next.step(event).map_err(|what| self.violation(&what))?;
        self.go(&next, left - 1)?;
        self.events.pop();
        Ok(())
    }

    fn violation(&self, what: &impl fmt::Display) -> Violation {
        Violation::new(format!("{:?}", self.events), what.to_string())
    }
}

fn all(alphabet: &'static [Edit], replicas: usize, events: usize) -> u64 {
    let histories = Search::run(alphabet, replicas, events, false).unwrap_or_else(|violation| panic!("{violation}"));
    println!("text: {histories} histories of causal delivery, {replicas} replicas and {events} events of {alphabet:?}");
    histories
}

/// Where actors type and delete, and where they mark.
#[test]
fn every_small_history_is_the_same_in_all_forms() {
    assert_eq!([all(TYPING, 3, 5), all(MARKING, 3, 4), all(TYPING, 2, 6), all(MARKING, 2, 5)], [8_883, 882, 7_993, 1_622]);
}

/// One event more.
#[test]
#[ignore = "takes half a minute of one core"]
fn every_history_of_six_events_is_the_same_in_all_forms() {
    assert_eq!([all(TYPING, 3, 6), all(MARKING, 3, 6)], [50_494, 36_456]);
}

/// Who prunes what it has, though others may not have it, is found out.
#[test]
fn pruning_before_stability_is_found() {
    let shortest = (1..=4).find(|&events| Search::run(TYPING, 3, events, true).is_err());
    assert_eq!(shortest, Some(2));
}
