//! A shopping cart that two devices of one customer change without the shop: a map of maps, in which nothing that was bought comes back and nothing new is lost.
//!
//! Run with `cargo run -p tidings-crdt --example shopping_cart`.

use tidings_clocks::Overflow;
use tidings_crdt::{AddWinsMap, Join, MvRegister, Nested, Tally, View};

/// The product, then what there is to say of it: how many, and a note.
type Cart = AddWinsMap<Device, String, AddWinsMap<Device, Line, Tally<Device>>>;
type Notes = AddWinsMap<Device, String, MvRegister<Device, String>>;
type Device = &'static str;

/// What is counted of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Single,
    Crate,
}

/// One device: its copy of the cart, and the deltas that it has not sent yet. A delta is a small state, so several are sent as their join.
struct Copy {
    device: Device,
    cart: Cart,
    notes: Notes,
    unsent: (Cart, Notes),
}

impl Copy {
    fn new(device: Device) -> Self {
        Self { device, cart: Cart::new(), notes: Notes::new(), unsent: Default::default() }
    }

    fn add(&mut self, product: &str, line: Line, number: i64) -> Result<(), Overflow> {
        let device = self.device;
        let delta = self.cart.update(product.into(), |lines| lines.update(line, |tally| tally.count(device, number)))?;
        self.unsent.0.join(&delta);
        Ok(())
    }

    fn note(&mut self, product: &str, text: &str) -> Result<(), Overflow> {
        let device = self.device;
        let delta = self.notes.update(product.into(), |note| note.write(device, text.into()))?;
        self.unsent.1.join(&delta);
        Ok(())
    }

    /// Takes a product out of the cart, as far as this device has seen it.
    fn remove(&mut self, product: &str) {
        self.unsent.0.join(&self.cart.remove(product));
        self.unsent.1.join(&self.notes.remove(product));
    }

    /// Exchanges what is unsent; any network will do, and it may deliver twice.
    fn meet(&mut self, other: &mut Self) {
        let (here, there) = (std::mem::take(&mut self.unsent), std::mem::take(&mut other.unsent));
        for _ in 0..2 {
            self.cart.join(&there.0);
            self.notes.join(&there.1);
            other.cart.join(&here.0);
            other.notes.join(&here.1);
        }
    }

    fn print(&self) {
        println!("on the {}:", self.device);
        for (product, lines) in self.cart.iter() {
            let lines: Vec<String> = lines.iter().map(|(line, tally)| format!("{} × {line:?}", tally.value())).collect();
            let notes: Vec<&str> = values(self.notes.entry(product.as_str()));
            println!("  {product}: {} {notes:?}", lines.join(", "));
        }
    }
}

fn values<'v>(note: Option<View<'v, Device, MvRegister<Device, String>>>) -> Vec<&'v str> {
    note.map(|note| note.values().map(String::as_str).collect()).unwrap_or_default()
}

fn main() -> Result<(), Overflow> {
    let (mut phone, mut laptop) = (Copy::new("phone"), Copy::new("laptop"));
    phone.add("milk", Line::Single, 2)?;
    phone.add("beer", Line::Crate, 1)?;
    laptop.add("milk", Line::Single, 1)?;
    phone.meet(&mut laptop);

    // Without a connection: the phone puts all milk back, the laptop takes one more; both write a note on the beer.
    phone.remove("milk");
    laptop.add("milk", Line::Single, 1)?;
    phone.note("beer", "cold")?;
    laptop.note("beer", "no returns")?;
    phone.meet(&mut laptop);
    phone.print();
    laptop.print();

    // The two agree: of the milk only what the phone had not seen is left, and of the notes both are kept until somebody settles it.
    assert_eq!((&phone.cart, &phone.notes), (&laptop.cart, &laptop.notes));
    let milk = phone.cart.entry("milk").and_then(|lines| lines.entry(&Line::Single));
    assert_eq!(milk.map(|milk| milk.value()), Some(1));
    assert_eq!(values(phone.notes.entry("beer")), ["no returns", "cold"]);

    // A copy that was off for all of it needs no history: a state is a delta too.
    let mut tablet = Cart::new();
    tablet.join(&phone.cart);
    assert_eq!(tablet.causal(), laptop.cart.causal());
    Ok(())
}
