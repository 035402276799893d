/// How much a world records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Recording {
    /// Nothing; the figures are kept all the same.
    Nothing,
    /// What the application names (broadcasts, deliveries), crashes, restarts and exclusions. Enough for the properties of broadcast.
    #[default]
    Deliveries,
    /// Also every packet sent and received: a full space-time diagram.
    Everything,
}

#[cfg(test)]
mod tests {
    /// What the crate root says an event costs, where words have 64 bits.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_recorded_event_is_40_bytes() {
        assert_eq!(size_of::<tidings_trace::Event>(), 40);
    }
}
