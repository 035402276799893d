//! A small replicated store that keeps conflicting writes, and only those: two servers, any number of clients.
//!
//! A client reads the values of a key together with their context, and gives the context back with its write. So the store knows what the client had seen.

use std::collections::BTreeMap;

use tidings_clocks::{Overflow, SiblingSet, VersionVector};

/// What a client has read: the values, and what they and all before them were written by.
struct Read {
    values: Vec<String>,
    context: VersionVector<&'static str>,
}

/// One server of the store.
struct Server {
    name: &'static str,
    keys: BTreeMap<String, SiblingSet<&'static str, String>>,
}

impl Server {
    fn new(name: &'static str) -> Self {
        Self { name, keys: BTreeMap::new() }
    }

    fn read(&self, key: &str) -> Read {
        let siblings = self.keys.get(key).cloned().unwrap_or_default();
        Read { values: siblings.values().cloned().collect(), context: siblings.context() }
    }

    fn write(&mut self, key: &str, value: &str, read: &Read) -> Result<(), Overflow> {
        let siblings = self.keys.entry(key.to_owned()).or_default();
        siblings.write(self.name, value.to_owned(), &read.context)?;
        Ok(())
    }

    /// Takes in what the other server has. Both may have been cut off from each other for any time.
    fn synchronise(&mut self, other: &Self) {
        for (key, siblings) in &other.keys {
            self.keys.entry(key.clone()).or_default().join(siblings);
        }
    }
}

fn main() -> Result<(), Overflow> {
    let (mut north, mut south) = (Server::new("north"), Server::new("south"));
    let show = |when: &str, server: &Server| println!("{when}: {} has {:?}", server.name, server.read("cart").values);

    let empty = north.read("cart");
    north.write("cart", "milk", &empty)?;
    south.synchronise(&north);
    show("at first", &south);

    // Ann and Bob read the same, and both write through the north; Cem, cut off, through the south.
    let (ann, bob, cem) = (north.read("cart"), north.read("cart"), south.read("cart"));
    north.write("cart", "milk, eggs", &ann)?;
    north.write("cart", "milk, flour", &bob)?;
    south.write("cart", "milk, salt", &cem)?;
    show("while apart", &north);
    show("while apart", &south);

    // The milk alone is gone everywhere: all three had read it. The three carts stand side by side.
    north.synchronise(&south);
    south.synchronise(&north);
    show("together again", &north);
    assert_eq!(north.read("cart").values.len(), 3);
    assert_eq!(north.read("cart").values, south.read("cart").values);

    // Dora has read all of them, so hers takes their place.
    let dora = south.read("cart");
    south.write("cart", "milk, eggs, flour, salt", &dora)?;
    north.synchronise(&south);
    show("settled", &north);
    assert_eq!(north.read("cart").values, ["milk, eggs, flour, salt"]);
    Ok(())
}
