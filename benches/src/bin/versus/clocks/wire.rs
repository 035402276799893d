//! What clocks weigh in a message, and how long that takes to write and read.

use std::hint::black_box;
use std::io;

use tidings_benches::Bound;
use tidings_clocks::{
    DifferentialClock, DifferentialReceiver, DifferentialSender, DifferentialStamp, HybridStamp, HybridTag, LamportStamp, Rank,
    VectorClock, VersionVector, Wire,
};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;

use super::{Random, SIZES, peers, row};
use crate::Table;

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    stamps_order_by_their_bytes();
    for n in SIZES {
        differential(table, n)?;
        whole(table, n)?;
    }
    Ok(())
}

/// Not a time but a property: a store that sorts keys by their bytes sorts events.
fn stamps_order_by_their_bytes() {
    let mut random = Random(3);
    let mut draw = || (random.next() >> (random.next() % 64), Rank(u32::try_from(random.next() % 5).expect("less than 5")));
    for _ in 0..10_000 {
        let ((a, p), (b, q)) = (draw(), draw());
        let lamport = |counter, process| LamportStamp { counter, process };
        assert_eq!(lamport(a, p).cmp(&lamport(b, q)), lamport(a, p).to_bytes().cmp(&lamport(b, q).to_bytes()));
        let hybrid = |bits, process| HybridTag { stamp: HybridStamp::from_bits(bits), process };
        assert_eq!(hybrid(a, p).cmp(&hybrid(b, q)), hybrid(a, p).to_bytes().cmp(&hybrid(b, q).to_bytes()));
    }
}

/// A process of n that hears of four others between two messages on a link: from its receipts to the receiver's copy of its clock.
struct Link {
    members: usize,
    clock: DifferentialClock,
    sender: DifferentialSender,
    receiver: DifferentialReceiver,
    /// Those whose entries change each time, each with its own clock and link.
    others: Vec<(DifferentialClock, DifferentialSender)>,
}

impl Link {
    fn new(n: usize) -> Self {
        let clock = DifferentialClock::new(Rank(0), n).expect("a member");
        let others =
            (1..4).map(|other| (DifferentialClock::new(Rank::new(other * (n - 1) / 3), n).expect("a member"), DifferentialSender::new()));
        let mut link =
            Self { members: n, clock, sender: DifferentialSender::new(), receiver: DifferentialReceiver::new(n), others: others.collect() };
        for rank in (1..n).map(Rank::new) {
            let mut other = DifferentialClock::new(rank, n).expect("a member");
            other.tick().expect("its first event");
            link.clock.receive(&DifferentialSender::new().stamp(&other)).expect("a member's stamp");
        }
        link.send();
        link
    }

    /// Three receipts, which change four entries; then a message, encoded, decoded and received. Its size.
    fn step(&mut self) -> usize {
        for (other, sender) in &mut self.others {
            other.tick().expect("far from the end");
            let stamp = sender.stamp(other);
            sender.sent(other);
            self.clock.receive(&stamp).expect("a member's stamp");
        }
        self.send()
    }

    fn send(&mut self) -> usize {
        let bytes = self.sender.stamp(&self.clock).to_wire();
        self.sender.sent(&self.clock);
        let stamp = DifferentialStamp::from_wire(&bytes, self.members).expect("its own form");
        self.receiver.receive(&stamp).expect("the next of the link");
        bytes.len()
    }
}

/// The cost of a differential stamp does not depend on n.
fn differential(table: &mut Table, n: usize) -> io::Result<()> {
    const ROW: &str = "differential stamp, four changed entries";
    if !super::wants(table, ROW) || n < 16 {
        return Ok(());
    }
    let (mut large, mut small) = (Link::new(n), Link::new(16));
    for _ in 0..100 {
        small.step();
        large.step();
        assert_eq!(*large.receiver.clock(), large.clock.vector());
    }
    // Ranks above 127 take two bytes, so may the gaps between them.
    assert!(large.step() <= small.step() + 4);
    let bound = if n > 16 { Bound::AtMost(1.5) } else { Bound::None };
    table.push(row(ROW, n, "the same for n = 16", bound).measure(|| large.step(), || small.step()))?;

    let mut whole = VectorClock::from(vec![1_000; n].as_slice());
    let mut copy = VectorClock::new();
    let mut step = || {
        for other in 0..4 {
            whole.tick(Rank::new(other * (n - 1) / 3)).expect("far from the end");
        }
        let bytes = whole.to_wire();
        copy.join(&VectorClock::from_wire(&bytes, n).expect("its own form"));
        bytes.len()
    };
    step();
    table.push(row(ROW, n, "our whole clock", Bound::None).measure(|| large.step(), step))
}

/// Whole version vectors, to bytes and back.
fn whole(table: &mut Table, n: usize) -> io::Result<()> {
    const ENCODE: &str = "version vector to bytes";
    const DECODE: &str = "version vector from bytes";
    if !super::wants(table, ENCODE) && !super::wants(table, DECODE) {
        return Ok(());
    }
    let mut random = Random(n as u64);
    let entries: Vec<_> = (0..n).map(|_| (random.next() >> 11, 1_000 + random.next() % 1_000)).collect();
    let ours: VersionVector<u64> = entries.iter().copied().collect();
    let (loro, yrs) = (peers::loro(&entries), peers::yrs(&entries));
    let (our_bytes, loro_bytes, yrs_bytes) = (ours.to_wire(), loro.encode(), yrs.encode_v1());
    if super::wants(table, ENCODE) {
        table.push(row(ENCODE, n, "loro", Bound::None).measure(|| black_box(&ours).to_wire(), || black_box(&loro).encode()))?;
        table.push(row(ENCODE, n, "yrs", Bound::None).measure(|| black_box(&ours).to_wire(), || black_box(&yrs).encode_v1()))?;
    }
    if super::wants(table, DECODE) {
        let decode = || VersionVector::<u64>::from_wire(black_box(&our_bytes), n);
        assert_eq!(decode(), Ok(ours.clone()));
        let work = || loro::VersionVector::decode(black_box(&loro_bytes));
        table.push(row(DECODE, n, "loro", Bound::None).measure(decode, work))?;
        let work = || yrs::StateVector::decode_v1(black_box(&yrs_bytes));
        table.push(row(DECODE, n, "yrs", Bound::None).measure(decode, work))?;
    }
    Ok(())
}
