//! What begins with a few letters, by orders that were made with the snapshot: it takes
//! no longer in a large fleet.

use super::{Pair, Row, SharedField, Snapshot};

impl Snapshot {
    /// The instances whose name begins so: those of one name together, by id. Those
    /// without a name are left out.
    pub fn names_beginning(
        &self,
        beginning: &str,
    ) -> impl DoubleEndedIterator<Item = impl Iterator<Item = Row<'_>>> {
        let row = |place: &u32| self.row(*place);
        let name = move |place: &u32| row(place).shared(SharedField::Name);
        let found = within(&self.by_name, beginning, |place| self.text(name(place)));
        let unnamed = found.partition_point(|place| row(place).name().is_none());
        let alike = found[unnamed..].chunk_by(move |a, b| name(a) == name(b));
        alike.map(move |places| places.iter().map(row))
    }

    /// The instances whose id begins so, in order.
    pub fn ids_beginning(&self, beginning: &str) -> impl DoubleEndedIterator<Item = Row<'_>> {
        let found = within(&self.by_id, beginning, |place| self.row(*place).id());
        found.iter().map(|place| self.row(*place))
    }

    /// The keys of tags that begin so, each once, in order.
    pub fn tag_keys(&self, beginning: &str) -> impl Iterator<Item = &str> {
        let mut rest = within(&self.tags, beginning, |(key, _)| self.text(*key));
        std::iter::from_fn(move || {
            let (key, _) = *rest.first()?;
            rest = &rest[rest.partition_point(|(next, _)| *next == key)..];
            Some(self.text(key))
        })
    }

    /// The values of the tag with this key that begin so, each once, in order.
    pub fn tag_values(&self, key: &str, beginning: &str) -> impl DoubleEndedIterator<Item = &str> {
        let start = self
            .tags
            .partition_point(|(known, _)| self.text(*known) < key);
        let own = &self.tags[start..];
        let own = &own[..own.partition_point(|(known, _)| self.text(*known) == key)];
        let found = within(own, beginning, |(_, value)| self.text(*value));
        found.iter().map(|(_, value)| self.text(*value))
    }

    /// Every tag that an instance has, once, by key and then by value.
    pub(super) fn tags_in_order(&self) -> Vec<Pair> {
        let tags = self.rows().flat_map(|row| row.tag_ids());
        let mut tags: Vec<Pair> = tags.copied().collect();
        tags.sort_unstable();
        tags.dedup();
        tags.sort_unstable_by_key(|(key, value)| (self.text(*key), self.text(*value)));
        tags.shrink_to_fit();
        tags
    }
}

/// Those of `sorted` whose text begins so.
fn within<'a, 't, T>(sorted: &'a [T], beginning: &str, text: impl Fn(&T) -> &'t str) -> &'a [T] {
    let start = sorted.partition_point(|one| text(one) < beginning);
    let rest = &sorted[start..];
    &rest[..rest.partition_point(|one| text(one).starts_with(beginning))]
}

#[cfg(test)]
mod tests {
    use super::super::{Builder, Facts};
    use super::*;

    fn snapshot() -> Snapshot {
        let mut builder = Builder::with_capacity(5);
        for (id, tags) in [
            ("i-3", vec![("Name", "web-1"), ("Team", "b")]),
            ("i-1", vec![("Name", "web-1"), ("Team", "a")]),
            ("i-2", vec![("Name", "api"), ("Owner", "a")]),
            ("i-22", vec![("Name", "wéb")]),
            ("i-4", vec![]),
        ] {
            builder.push(&Facts {
                id,
                tags,
                ..Facts::default()
            });
        }
        builder.finish(false)
    }

    fn names(beginning: &str) -> Vec<Vec<&'static str>> {
        let snapshot = Box::leak(Box::new(snapshot()));
        let names = snapshot.names_beginning(beginning);
        names
            .map(|rows| rows.map(|row| row.id()).collect())
            .collect()
    }

    #[test]
    fn names_are_found_by_how_they_begin() {
        assert_eq!(names("we"), [["i-1", "i-3"]]);
        assert_eq!(names("w"), [vec!["i-1", "i-3"], vec!["i-22"]]);
        assert_eq!(names(""), [vec!["i-2"], vec!["i-1", "i-3"], vec!["i-22"]]);
        assert_eq!(names("web-12"), Vec::<Vec<&str>>::new());
        assert_eq!(names("zzz"), Vec::<Vec<&str>>::new());
    }

    #[test]
    fn ids_are_found_by_how_they_begin() {
        let snapshot = snapshot();
        let ids = |beginning| snapshot.ids_beginning(beginning).map(|row| row.id());
        assert_eq!(ids("i-2").collect::<Vec<_>>(), ["i-2", "i-22"]);
        assert_eq!(ids("").count(), 5);
        assert_eq!(ids("mi-").count(), 0);
    }

    #[test]
    fn tags_come_once_each_and_in_order() {
        let snapshot = snapshot();
        let keys = |beginning| snapshot.tag_keys(beginning).collect::<Vec<_>>();
        let values = |key, beginning| snapshot.tag_values(key, beginning).collect::<Vec<_>>();
        assert_eq!(keys(""), ["Name", "Owner", "Team"]);
        assert_eq!(keys("O"), ["Owner"]);
        assert_eq!(keys("o"), [""; 0]);
        assert_eq!(values("Team", ""), ["a", "b"]);
        assert_eq!(values("Team", "b"), ["b"]);
        assert_eq!(values("Name", "w"), ["web-1", "wéb"]);
        for key in ["", "Nobody", "Tea", "Teams", "zz"] {
            assert_eq!(values(key, ""), [""; 0], "{key}");
        }
    }

    #[test]
    fn the_tags_of_an_instance_that_was_replaced_are_gone() {
        let mut builder = Builder::with_capacity(2);
        for team in ["old", "new"] {
            let tags = vec![("Team", team)];
            builder.push(&Facts {
                id: "i-1",
                tags,
                ..Facts::default()
            });
        }
        let snapshot = builder.finish(false);
        assert_eq!(snapshot.tag_values("Team", "").collect::<Vec<_>>(), ["new"]);
    }
}
