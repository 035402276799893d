use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use tidings_clocks::Rank;

/// What layers carry without looking into it: cheap to clone (a relay clones), and weighed against [`Limits`](crate::Limits).
pub trait Payload: Clone {
    /// How many bytes of memory this holds, to within a small constant.
    fn bytes(&self) -> usize;
}

macro_rules! fixed {
    ($($fixed:ty)*) => {
        $(impl Payload for $fixed {
            fn bytes(&self) -> usize {
                size_of::<Self>()
            }
        })*
    };
}

fixed!(() Rank bool char u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 &'static str);

impl Payload for Vec<u8> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Payload for String {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Payload for Box<[u8]> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Payload for Arc<[u8]> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Payload for Rc<[u8]> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl<A: Payload, B: Payload> Payload for (A, B) {
    fn bytes(&self) -> usize {
        self.0.bytes() + self.1.bytes()
    }
}
