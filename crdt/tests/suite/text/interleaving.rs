//! What two type at the same place at the same time stays two pieces: forward, backward, in mixed order, and over several sessions.

use tidings_crdt::{Text, TextDelta};

/// How one person types a run: where each next character goes among those typed so far, and before which of them a new session begins (under a new actor id, on a
/// copy that has only seen the person's own work).
#[derive(Clone, Debug)]
struct Typing {
    positions: Vec<usize>,
    session: usize,
}

impl Typing {
    /// All ways to type up to three characters in one session or two.
    fn all() -> Vec<Self> {
        let mut orders = vec![vec![]];
        let mut all = Vec::new();
        for length in 1..=3 {
            orders = orders.iter().flat_map(|order: &Vec<usize>| (0..length).map(|next| [&order[..], &[next]].concat())).collect();
            all.extend(orders.iter().flat_map(|order| (0..length).map(|session| Self { positions: order.clone(), session })));
        }
        all
    }

    /// Types `letters` at `start` of `base`, whose first session is `actors[0]`'s. Returns what was typed, as it reads, and the deltas.
    fn of(&self, base: &Text<u32>, start: usize, actors: [u32; 2], letters: &str) -> (String, Vec<TextDelta<u32>>) {
        let (mut text, mut read, mut deltas) = (base.clone(), String::new(), Vec::new());
        for ((at, &position), letter) in self.positions.iter().enumerate().zip(letters.chars()) {
            let actor = actors[usize::from(self.session > 0 && at >= self.session)];
            deltas.push(text.insert(actor, start + position, &letter.to_string()).expect("in range"));
            read.insert(position, letter);
        }
        (read, deltas)
    }
}

/// The texts that two may start from, and where in them they type.
fn bases() -> Vec<(Text<u32>, usize)> {
    let typed = |text: &str| {
        let mut base = Text::new();
        base.insert(9, 0, text).expect("in range");
        base
    };
    let mut backward = typed("y");
    backward.insert(9, 0, "x").expect("in range");
    let mut gone = typed("x..y");
    gone.remove(1..3).expect("in range");
    vec![(Text::new(), 0), (typed("x"), 1), (typed("y"), 0), (typed("xy"), 1), (backward, 1), (gone, 1)]
}

/// Merges what two typed, the second's deltas first or last, and returns the text.
fn merged(base: &Text<u32>, first: &[TextDelta<u32>], second: &[TextDelta<u32>]) -> Text<u32> {
    let mut text = base.clone();
    for delta in first.iter().chain(second) {
        text.apply(delta).expect("in causal order");
    }
    text
}

/// All pairs of concurrent runs of up to three characters, typed in any order in one session or two each, with all orders of the ids, from six starting points.
#[test]
fn no_two_runs_interleave() {
    let mut pairs = 0;
    for (base, start) in bases() {
        let whole = base.to_string();
        let (before, after) = whole.split_at(start);
        for mine in Typing::all() {
            for theirs in Typing::all() {
                for actors in [
                    [1, 2, 3, 4],
                    [1, 3, 2, 4],
                    [1, 4, 2, 3],
                    [2, 3, 1, 4],
                    [2, 4, 1, 3],
                    [3, 4, 1, 2],
                    [2, 1, 4, 3],
                    [4, 1, 3, 2],
                    [4, 2, 3, 1],
                    [3, 2, 4, 1],
                ] {
                    let (read_a, a) = mine.of(&base, start, [actors[0], actors[1]], "abc");
                    let (read_b, b) = theirs.of(&base, start, [actors[2], actors[3]], "ABC");
                    let text = merged(&base, &a, &b);
                    let read = text.to_string();
                    let apart = [format!("{before}{read_a}{read_b}{after}"), format!("{before}{read_b}{read_a}{after}")];
                    assert!(apart.contains(&read), "{read}: {mine:?} and {theirs:?} as {actors:?}");
                    assert_eq!(text, merged(&base, &b, &a));
                    pairs += 1;
                }
            }
        }
    }
    assert_eq!(pairs, 6 * 23 * 23 * 10);
}

/// Types each word at the same place on a copy of its own, as its own actor, forward or backward, and merges all.
fn at_once(words: &[(&str, bool)]) -> String {
    let base = Text::<u32>::new();
    let mut all = base.clone();
    for (actor, (word, forward)) in words.iter().enumerate() {
        let mut text = base.clone();
        let actor = u32::try_from(actor).expect("few");
        let letters: Vec<char> = if *forward { word.chars().collect() } else { word.chars().rev().collect() };
        for (at, letter) in letters.into_iter().enumerate() {
            let delta = text.insert(actor, if *forward { at } else { 0 }, &letter.to_string()).expect("in range");
            all.apply(&delta).expect("in order");
        }
    }
    all.to_string()
}

/// Each letter has the start of the text as its left origin: an order that knows left origins alone mixes the words.
#[test]
fn backward_typing_does_not_interleave() {
    assert_eq!(at_once(&[("milk", false), ("eggs", false), ("bread", false)]), "milkeggsbread");
}

/// Each letter has the end of the text as its right origin: an order that knows right origins alone mixes the words.
#[test]
fn forward_typing_does_not_interleave() {
    assert_eq!(at_once(&[("milk", true), ("eggs", true), ("bread", true)]), "milkeggsbread");
    assert_eq!(at_once(&[("milk", true), ("eggs", false), ("bread", true)]), "milkeggsbread");
}

/// Somebody writes a line, closes the program, comes back under another id, and goes on above and below it; somebody else writes meanwhile.
/// An order that compares the ids of the sessions before it asks where they were typed puts the other's text into the middle.
#[test]
fn typing_in_two_sessions_does_not_interleave() {
    for (first, second, other) in [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)] {
        let mut mine = Text::<u32>::new();
        let mut deltas = vec![mine.insert(first, 0, "eggs").expect("in range")];
        deltas.push(mine.insert(second, 0, "milk ").expect("in range"));
        deltas.push(mine.insert(second, 9, " bread").expect("in range"));
        let mut theirs = Text::new();
        theirs.insert(other, 0, "(tea ").expect("in range");
        theirs.insert(other, 5, "coffee)").expect("in range");
        for delta in &deltas {
            theirs.apply(delta).expect("in order");
        }
        let read = theirs.to_string();
        assert!(read == "milk eggs bread(tea coffee)" || read == "(tea coffee)milk eggs bread", "{read}");
    }
}

/// Where left origins do not decide, right origins do: what was typed directly before a character stays directly before it, whatever the ids are. (Weidner, Kleppmann
/// 2023: the difference between Fugue and FugueMax.)
#[test]
fn right_origins_decide_where_left_ones_do_not() {
    for [a, b, c, d] in [[1, 2, 3, 4], [1, 2, 4, 3]] {
        let mut base = Text::<u32>::new();
        base.insert(9, 0, "|").expect("in range");
        let mut one = base.clone();
        let first = one.insert(a, 0, "L").expect("in range");
        let mut two = base.clone();
        let second = two.insert(b, 0, "R").expect("in range");
        // One knows only L|, the other LR|; both type after L.
        let before_bar = one.insert(c, 1, "x").expect("in range");
        two.apply(&first).expect("in order");
        let before_r = two.insert(d, 1, "y").expect("in range");
        two.apply(&before_bar).expect("in order");
        one.apply(&second).expect("in order");
        one.apply(&before_r).expect("in order");
        assert_eq!(two.to_string(), "LxyR|");
        assert_eq!(one, two);
    }
}
