//! Three box offices sell the seats of one hall without asking one another for each: a counter that never falls below zero, whatever the network does.
//!
//! Each office holds rights to some of the seats, and sells only on these. One that runs out asks another, which gives of its own. So the hall is never overbooked, even
//! while the offices cannot hear of each other; the price is that a seat may go unsold for a while although somebody wants it.
//!
//! Run with `cargo run -p tidings-crdt --example seat_reservation`.

use tidings_crdt::{BoundedCounter, Join, NoRight};

const SEATS: u64 = 12;

struct Office {
    name: &'static str,
    seats: BoundedCounter<&'static str>,
    sold: u64,
}

impl Office {
    /// Sells so many seats, or none of them.
    fn sell(&mut self, number: u64) -> Result<(), NoRight> {
        self.seats.take(self.name, number)?;
        self.sold += number;
        println!("{} sells {number}: {} rights left here, {} seats left as far as it knows", self.name, self.rights(), self.seats.value());
        Ok(())
    }

    fn rights(&self) -> u64 {
        self.seats.rights_of(&self.name)
    }

    /// Gives half of what it holds to the office that asks. The delta may be lost: then the rights are nobody's until a later state brings them.
    fn share(&mut self, with: &'static str) -> Result<BoundedCounter<&'static str>, NoRight> {
        self.seats.give(self.name, with, self.rights() / 2)
    }
}

fn main() -> Result<(), NoRight> {
    // The hall opens at one office, which gives the others their parts.
    let mut hall = BoundedCounter::new();
    hall.add("north", SEATS)?;
    hall.give("north", "south", 4)?;
    hall.give("north", "web", 4)?;
    let mut offices = ["north", "south", "web"].map(|name| Office { name, seats: hall.clone(), sold: 0 });
    let [north, south, web] = &mut offices;

    // The network is down. Each sells what it holds and no more: together they cannot sell a seat twice.
    north.sell(1)?;
    south.sell(3)?;
    web.sell(4)?;
    let refused = web.sell(1).expect_err("its rights are used up");
    println!("{} refuses: {refused}", web.name);
    assert_eq!(refused, NoRight::TooFew { held: 0, needed: 1 });

    // It is up again for a moment. North gives the web half of the 3 that it still holds, rounded down; the delta comes twice, which changes nothing.
    let gift = north.share(web.name)?;
    assert!(web.seats.join(&gift) && !web.seats.join(&gift));
    web.sell(1)?;

    // In the end everybody hears of everything, in any order.
    let all = offices.iter().fold(BoundedCounter::new(), |all, office| all.joined(&office.seats));
    for office in &mut offices {
        office.seats.join(&all);
        assert_eq!(office.seats, all);
    }
    let sold: u64 = offices.iter().map(|office| office.sold).sum();
    println!("{sold} of {SEATS} seats sold, {} left: {:?}", all.value(), offices.each_ref().map(|office| (office.name, office.rights())));
    assert_eq!(u128::from(sold) + all.value(), u128::from(SEATS));
    Ok(())
}
