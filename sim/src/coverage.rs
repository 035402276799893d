use alloc::collections::BTreeMap;

use crate::Point;

/// How often each named point of the code was reached, in one run or in many.
///
/// The world counts its own [`Point`]s; an [`Application`](crate::Application) adds points of its protocol's in
/// [`observe`](crate::Application::observe). A point that was never reached counts zero. Reaching a point of the world's costs one addition, another
/// one a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    points: [u64; Point::ALL.len()],
    others: BTreeMap<&'static str, u64>,
}

impl Coverage {
    /// Nothing was reached.
    #[must_use]
    pub const fn new() -> Self {
        Self { points: [0; Point::ALL.len()], others: BTreeMap::new() }
    }

    /// A point of an application's or a protocol's own was reached.
    pub fn reach(&mut self, name: &'static str) {
        let count = self.others.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds what another run reached.
    pub fn join(&mut self, other: &Self) {
        for (count, more) in self.points.iter_mut().zip(other.points) {
            *count = count.saturating_add(more);
        }
        for (name, more) in &other.others {
            let count = self.others.entry(name).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// How often a point of the world's was reached.
    #[must_use]
    pub const fn count(&self, point: Point) -> u64 {
        self.points[point as usize]
    }

    /// How often the points of this name were reached. O(number of points).
    #[must_use]
    pub fn count_named(&self, name: &str) -> u64 {
        self.iter().filter(|(known, _)| *known == name).map(|(_, count)| count).sum()
    }

    /// Every point with its count: all of the world's, those that were never reached too, then the others by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let points = Point::ALL.into_iter().map(|point| (point.name(), self.count(point)));
        points.chain(self.others.iter().map(|(name, count)| (*name, *count)))
    }

    /// A point of the world's was reached.
    pub(crate) const fn note(&mut self, point: Point) {
        self.points[point as usize] += 1;
    }
}

impl Default for Coverage {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Coverage {
    /// A map from name to count.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_point_has_a_place_and_a_name_of_its_own() {
        let names: BTreeSet<&str> = Point::ALL.into_iter().map(Point::name).collect();
        assert_eq!(names.len(), Point::ALL.len());
        assert!(Point::ALL.into_iter().enumerate().all(|(place, point)| point as usize == place));
    }

    #[test]
    fn counts_add_up() {
        let mut one = Coverage::new();
        one.note(Point::Lost);
        one.reach("held back");
        let mut other = one.clone();
        other.note(Point::Overtaken);
        other.join(&one);
        assert_eq!((other.count(Point::Lost), other.count(Point::Overtaken), other.count(Point::Healed)), (2, 1, 0));
        assert_eq!((other.count_named("held back"), other.count_named("lost"), other.count_named("nothing")), (2, 2, 0));
        assert_eq!(other.iter().count(), Point::ALL.len() + 1);
    }
}
