use tidings_clocks::{Rank, Time};
use tidings_protocol::{Protocol, Refused};
use tidings_trace::What;

use crate::{Chooser, Coverage};

/// What stands above the protocol at every process: asks, and hears what is indicated.
///
/// One value plays the application of all processes, so that a test can look at them together. Processes share nothing through it by themselves.
pub trait Application<P: Protocol> {
    /// Process `me` begins a life: at the start of the run, and after every restart. Whatever the application wants at random in this life it draws
    /// here, at [`Site::Application`](crate::Site::Application), so that its plans do not hang on what the network does.
    fn started(&mut self, me: Rank, now: Time, chooser: &mut dyn Chooser) {
        let _ = (me, now, chooser);
    }

    /// What process `me` asks for next, if anything. Asked after every input at `me`, until it says `None` or a request is refused, and at its
    /// [`deadline`](Application::deadline).
    fn next(&mut self, me: Rank, now: Time) -> Option<P::Request>;

    /// A request came back. It may be given again by [`next`](Application::next), which is asked after the next input at `me`.
    fn refused(&mut self, me: Rank, now: Time, refused: Refused<P::Request, P::Refused>);

    /// The protocol at `me` indicates this.
    fn indicated(&mut self, me: Rank, now: Time, indication: P::Indication);

    /// When `me` wants to be asked even if nothing arrives. After it was asked at that time it must be later or `None`.
    fn deadline(&self, me: Rank) -> Option<Time> {
        let _ = me;
        None
    }

    /// Whether `me` can take more indications. While it cannot, the world feeds its protocol no messages: they wait in the network (rule 7).
    fn takes(&self, me: Rank) -> bool {
        let _ = me;
        true
    }

    /// After every input at `me`, when its effects are carried out: looks at the protocol, and says which points of its code were
    /// [reached](Coverage::reach), such as a message held back.
    fn observe(&mut self, me: Rank, protocol: &P, coverage: &mut Coverage) {
        let _ = (me, protocol, coverage);
    }

    /// How the trace names a request that was taken, usually `What::Broadcast`. Asked before the request is made.
    fn name_request(&self, me: Rank, request: &P::Request) -> Option<What> {
        let _ = (me, request);
        None
    }

    /// How the trace names an indication, usually `What::Deliver`.
    fn name_indication(&self, me: Rank, indication: &P::Indication) -> Option<What> {
        let _ = (me, indication);
        None
    }

    /// How many bytes `message` would take on the wire; what the world's figures add up.
    fn weigh(&self, message: &P::Message) -> usize {
        let _ = message;
        0
    }

    /// What becomes of a message that the network alters: one that this draws at [`Site::Corrupt`](crate::Site::Corrupt), such as with a bit flipped
    /// or its end cut off. `None`, as by default: nobody could read it, and it is lost. Only with [`Links::corrupt`](crate::Links::corrupt).
    fn corrupt(&self, message: &P::Message, chooser: &mut dyn Chooser) -> Option<P::Message> {
        let _ = (message, chooser);
        None
    }

    /// What the liar `me` sends to `to` instead of `message`, drawn at [`Site::Lie`](crate::Site::Lie). `None`, as by default: nothing. Only with
    /// [`Byzantine::lie`](crate::Byzantine::lie).
    fn lie(&self, me: Rank, to: Rank, message: &P::Message, chooser: &mut dyn Chooser) -> Option<P::Message> {
        let _ = (me, to, message, chooser);
        None
    }

    /// The protocol at `me` rejected a message that the network said came from `from`.
    fn rejected(&mut self, me: Rank, now: Time, from: Rank, why: P::Rejected) {
        let _ = (me, now, from, why);
    }

    /// Process `me` crashed: its application state is lost.
    fn crashed(&mut self, me: Rank, now: Time) {
        let _ = (me, now);
    }
}

/// The application that asks for nothing and takes everything, for a world that a script drives.
impl<P: Protocol> Application<P> for () {
    fn next(&mut self, _me: Rank, _now: Time) -> Option<P::Request> {
        None
    }

    fn refused(&mut self, _me: Rank, _now: Time, _refused: Refused<P::Request, P::Refused>) {}

    fn indicated(&mut self, _me: Rank, _now: Time, _indication: P::Indication) {}
}
