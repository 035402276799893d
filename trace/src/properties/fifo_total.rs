use crate::index::Index;
use crate::properties::{fifo_delivery, total_order};
use crate::{Property, Violation};

/// Total order and FIFO order at once. O(steps × lives).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    total_order::judge(index, Property::FifoTotal)?;
    fifo_delivery::judge(index, Property::FifoTotal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::What;
    use crate::runs::{Kept, SEEDS, any_trace, broken, kept, run};
    use proptest::prelude::*;

    const IT: Property = Property::FifoTotal;

    /// Each of its two halves is needed: a run that keeps the one may break the other.
    #[test]
    fn one_half_is_not_enough() {
        let (mut disordered, mut unfifo) = (0, 0);
        for seed in SEEDS {
            kept(IT, &run(seed, Kept::Total), seed);
            let fifo = run(seed, Kept::Fifo);
            if let Err(total) = Property::TotalOrder.check(&fifo) {
                assert_eq!(broken(IT, &fifo, seed).events, total.events, "seed {seed}");
                disordered += 1;
            }
            // What a single life delivers is a total order by itself, whatever the origins meant.
            let mut alone = run(seed, Kept::Nothing);
            let survivor = alone.events.last().unwrap().process;
            alone.events.retain(|event| event.process == survivor || !matches!(event.what, What::Deliver(_)));
            if let (Ok(()), Err(fifo)) = (Property::TotalOrder.check(&alone), Property::FifoDelivery.check(&alone)) {
                assert_eq!(broken(IT, &alone, seed).events, fifo.events, "seed {seed}");
                unfifo += 1;
            }
        }
        assert!(disordered > 100 && unfifo > 100, "{disordered} and {unfifo} seeds");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn both_or_neither(trace in any_trace()) {
            let halves = Property::TotalOrder.check(&trace).is_ok() && Property::FifoDelivery.check(&trace).is_ok();
            prop_assert_eq!(IT.check(&trace).is_ok(), halves);
        }
    }
}
