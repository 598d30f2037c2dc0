//! Whether this machine is an instance of EC2, as its firmware says.

use std::path::Path;

/// Looks at what the kernel has read of the firmware; `root` is `/`. Nothing of it
/// needs a privilege. A machine without these files is none.
#[must_use]
pub fn is_instance(root: &Path) -> bool {
    let says = |file: &str, is_it: fn(&str) -> bool| {
        std::fs::read_to_string(root.join(file)).is_ok_and(|text| is_it(text.trim()))
    };
    says("sys/class/dmi/id/sys_vendor", |text| text == "Amazon EC2")
        // The older hypervisor.
        || says("sys/hypervisor/uuid", |text| text.starts_with("ec2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firmware_tells_an_instance_from_other_machines() {
        let cases = [
            ("sys/class/dmi/id/sys_vendor", "Amazon EC2\n", true),
            ("sys/hypervisor/uuid", "ec2e1916-9099-7caf\n", true),
            ("sys/class/dmi/id/sys_vendor", "QEMU\n", false),
            ("sys/hypervisor/uuid", "e1916ec2\n", false),
        ];
        for (file, text, expected) in cases {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            assert_eq!(is_instance(root.path()), expected, "{text}");
        }
        assert!(!is_instance(tempfile::tempdir().unwrap().path()));
    }
}
