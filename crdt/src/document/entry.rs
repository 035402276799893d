use alloc::string::String;
use alloc::vec::Vec;

use super::node::Node;
use super::{Kind, Scalar, Value};

/// A place of a [`Document`](crate::Document) where something is, to be read.
#[derive(Debug)]
pub struct Entry<'d, A> {
    node: &'d Node<A>,
}

impl<'d, A> Entry<'d, A> {
    pub(super) const fn new(node: &'d Node<A>) -> Self {
        Self { node }
    }
}

impl<'d, A: Ord + Clone> Entry<'d, A> {
    /// What is shown here: the first of [`kinds`](Self::kinds).
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.node.kinds().next().unwrap_or(Kind::Scalar)
    }

    /// All that is here: more than one kind only if they were put here concurrently.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + 'd {
        self.node.kinds()
    }

    /// The value of the register that is shown: of several concurrent ones that of the greatest dot, by its counter and then its actor.
    #[must_use]
    pub fn scalar(&self) -> Option<&'d Scalar> {
        self.node
            .scalars()
            .max_by(|(one, _), (other, _)| (one.counter, &one.actor).cmp(&(other.counter, &other.actor)))
            .map(|(_, scalar)| scalar)
    }

    /// All concurrent values of the register, in the order of their dots.
    pub fn scalars(&self) -> impl DoubleEndedIterator<Item = &'d Scalar> + 'd {
        self.node.scalars().map(|(_, scalar)| scalar)
    }

    /// The counter's sum; 0 if there is none. O(amounts).
    #[must_use]
    pub fn count(&self) -> i128 {
        self.node.count()
    }

    /// The text; empty if there is none. O(n).
    #[must_use]
    pub fn text(&self) -> String {
        self.node.inner.as_ref().map(|inner| inner.chars.iter().collect()).unwrap_or_default()
    }

    /// How many fields, elements or characters there are, whichever is shown; none in a counter or register. O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        let Some(inner) = &self.node.inner else { return 0 };
        match self.kind() {
            Kind::Map => inner.fields.len(),
            Kind::List => inner.elements.len(),
            Kind::Text => inner.chars.len(),
            Kind::Counter | Kind::Scalar => 0,
        }
    }

    /// Whether there is no field, element or character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields of the map, in the order of their names; none if there is no map.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = (&'d str, Entry<'d, A>)> + 'd {
        let fields = self.node.inner.as_ref().into_iter().flat_map(|inner| inner.fields.iter());
        fields.map(|(name, node)| (name.as_str(), Entry { node }))
    }

    /// The elements of the list, in order; none if there is no list.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = Entry<'d, A>> + 'd {
        let elements = self.node.inner.as_ref().into_iter().flat_map(|inner| inner.elements.iter());
        elements.map(|(_, node)| Entry { node })
    }

    /// What is shown here and below, as a plain value. O(n).
    #[must_use]
    pub fn value(&self) -> Value {
        match self.kind() {
            Kind::Map => Value::Map(self.fields().map(|(name, entry)| (name.into(), entry.value())).collect()),
            Kind::List => Value::List(self.elements().map(|entry| entry.value()).collect::<Vec<_>>()),
            Kind::Text => Value::Text(self.text()),
            Kind::Counter => Value::Count(self.count()),
            Kind::Scalar => Value::Scalar(self.scalar().cloned().unwrap_or(Scalar::Null)),
        }
    }
}

impl<A> Clone for Entry<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Entry<'_, A> {}

/// What is shown, as other formats know it: texts are strings, and counters numbers.
#[cfg(feature = "serde")]
impl<A: Ord + Clone> serde::Serialize for Entry<'_, A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.kind() {
            Kind::Map => serializer.collect_map(self.fields()),
            Kind::List => serializer.collect_seq(self.elements()),
            Kind::Text => serializer.serialize_str(&self.text()),
            Kind::Counter => super::value::count_shown(self.count(), serializer),
            Kind::Scalar => super::value::shown(self.scalar().unwrap_or(&Scalar::Null), serializer),
        }
    }
}
