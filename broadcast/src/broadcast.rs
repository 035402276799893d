use tidings_clocks::Rank;
use tidings_protocol::{Digest, Fingerprint, Payload, Protocol};

/// What a broadcast is for. Control messages keep a protocol going (assignments, acknowledgements) and have a credit of their own, so that bodies
/// never starve them (rule 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Class {
    /// What the application wants heard.
    Body,
    /// What a layer needs in order to go on.
    Control,
}

/// A request to a broadcast: let everybody, this process too, deliver this.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cast<T> {
    /// Which credit it takes.
    pub class: Class,
    /// What to deliver.
    pub payload: T,
}

impl<T> Cast<T> {
    /// An application's message.
    pub const fn body(payload: T) -> Self {
        Self { class: Class::Body, payload }
    }

    /// A layer's own message.
    pub const fn control(payload: T) -> Self {
        Self { class: Class::Control, payload }
    }
}

/// A broadcast's indication: deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Delivery<T> {
    /// Who broadcast it.
    pub origin: Rank,
    /// What was broadcast.
    pub payload: T,
}

/// A broadcast to all members of the view.
pub trait Broadcast: Protocol<Request = Cast<Self::Payload>, Indication = Delivery<Self::Payload>> {
    /// What is broadcast.
    type Payload: Payload;

    /// Whether a request of this class and size would be taken now (rule 3: ask before the first effect).
    fn admits(&self, class: Class, bytes: usize) -> bool;

    /// The rank of this process.
    fn me(&self) -> Rank;

    /// How many processes the view has.
    fn processes(&self) -> usize;

    /// The most bytes that this broadcast and all below it ever hold.
    fn max_bytes(&self) -> usize;
}

impl Fingerprint for Class {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.number(*self as u64);
    }
}
