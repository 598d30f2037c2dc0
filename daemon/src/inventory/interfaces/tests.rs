use super::*;

/// An interface of an instance at a place, with an address of its own.
fn draft(instance: &str, id: &str, at: (u32, u32), attachment: &str) -> Draft {
    let mut draft = Draft {
        card: Some(at.0),
        device: Some(at.1),
        attached: Some(7),
        deleted_with_instance: Some(true),
        ..Draft::default()
    };
    draft.set(Text::Instance, instance);
    draft.set(Text::Id, id);
    draft.set(Text::Attachment, attachment);
    draft.set(Text::Subnet, "subnet-1");
    draft.lists[List::Groups as usize] = ["sg-1", "web", "sg-2", "ssh"].map(str::to_owned).into();
    draft.lists[List::Addresses as usize] =
        ["10.0.0.1", "", id, "3.3.3.3"].map(str::to_owned).into();
    draft.lists[List::Prefixes as usize] = vec!["10.0.1.0/28".into()];
    draft
}

fn page(drafts: &[Draft]) -> Builder {
    let mut page = Builder::new();
    for draft in drafts {
        page.push(draft).expect("not too many");
    }
    page
}

/// Two instances, one of them with interfaces on two cards and one that leaves.
pub(in crate::inventory) fn interfaces() -> Interfaces {
    let mut whole = Builder::new();
    whole.absorb(page(&[
        draft("i-2", "eni-4", (1, 1), "attached"),
        draft("i-1", "eni-1", (0, 0), "attached"),
        draft("i-2", "eni-5", (0, 0), "detaching"),
    ]));
    whole.absorb(page(&[
        draft("i-2", "eni-3", (0, 1), "attached"),
        draft("i-2", "eni-2", (0, 0), "attached"),
        draft("i-1", "eni-1", (0, 0), "attached"),
    ]));
    whole.finish(false)
}

/// Every fact of an instance's interfaces.
pub(in crate::inventory) fn described(interfaces: &Interfaces, instance: &str) -> Vec<String> {
    let describe = |one: Interface<'_>| {
        format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            one.id(),
            one.card(),
            one.device(),
            one.subnet(),
            one.vpc(),
            one.az(),
            one.description(),
            one.status(),
            one.mac(),
            one.kind(),
            one.attachment(),
            one.attached(),
            (one.deleted_with_instance(), one.checks_addresses()),
            one.security_groups().collect::<Vec<_>>(),
            one.addresses().collect::<Vec<_>>(),
            one.ipv6_addresses().collect::<Vec<_>>(),
            one.prefixes().collect::<Vec<_>>(),
        )
    };
    interfaces.of(instance).map(describe).collect()
}

fn ids<'a>(interfaces: &'a Interfaces, instance: &str) -> Vec<&'a str> {
    interfaces.of(instance).map(|one| one.id()).collect()
}

#[test]
fn interfaces_come_by_card_then_device_and_those_that_leave_last() {
    let interfaces = interfaces();
    assert_eq!(
        ids(&interfaces, "i-2"),
        ["eni-2", "eni-3", "eni-4", "eni-5"]
    );
    assert_eq!(ids(&interfaces, "i-3"), [""; 0]);
}

#[test]
fn an_interface_that_came_on_two_pages_is_there_once() {
    let interfaces = interfaces();
    assert_eq!(ids(&interfaces, "i-1"), ["eni-1"]);
    assert_eq!(interfaces.rows(), 5);
}

#[test]
fn what_an_interface_has_several_of_is_kept_in_order() {
    let interfaces = interfaces();
    let one = interfaces.of("i-2").nth(2).expect("it has four");
    let groups: Vec<_> = one.security_groups().collect();
    assert_eq!(groups, [("sg-1", "web"), ("sg-2", "ssh")]);
    let addresses: Vec<_> = one.addresses().collect();
    assert_eq!(addresses, [("10.0.0.1", ""), ("eni-4", "3.3.3.3")]);
    assert_eq!(one.ipv6_addresses().count(), 0);
    assert_eq!(one.prefixes().collect::<Vec<_>>(), ["10.0.1.0/28"]);
    assert_eq!(one.description(), None);
}

#[test]
fn more_of_something_than_can_be_is_refused() {
    let mut many = draft("i-1", "eni-1", (0, 0), "attached");
    *many.list(List::Ipv6) = vec!["::1".to_owned(); 70_000];
    assert_eq!(Builder::new().push(&many), None);
}
