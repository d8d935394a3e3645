//! Macs: over Wi-Fi the bridge lists whose MACs it translates, newer releases hide neighbours from some
//! programs, and the DHCP server writes no MAC down for clients that identify themselves by a DUID.

use vmkit_types::NetworkMode;

use super::{Family, address, boot};
use crate::{
    random::Random,
    world::{Origin, Stay, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "mac-wifi", what: "bridged over Wi-Fi, up for long", draw: wifi },
    Family { name: "mac-wifi-lease-change", what: "the same, with a new lease", draw: wifi_change },
    Family {
        name: "mac-wifi-rebooted",
        what: "the same, started again elsewhere",
        draw: wifi_rebooted,
    },
    Family {
        name: "mac-wifi-old-address-taken",
        what: "the same, and another host at the old address",
        draw: wifi_taken,
    },
    Family {
        name: "mac-wifi-no-lease",
        what: "the same, started again, and DHCP gives nothing",
        draw: wifi_without,
    },
    Family { name: "mac-wifi-hung", what: "the same, and the machine hangs", draw: wifi_hung },
    Family {
        name: "mac-hidden-neighbours",
        what: "shared, and macOS hides the neighbours",
        draw: hidden,
    },
    Family {
        name: "mac-lease-by-name",
        what: "shared, and its lease has its name alone",
        draw: by_name,
    },
    Family {
        name: "mac-lease-by-name-moved",
        what: "the same, started again elsewhere",
        draw: by_name_moved,
    },
    Family {
        name: "mac-lease-of-namesake",
        what: "the same, and the lease is that of a machine that had the name before",
        draw: of_namesake,
    },
];

/// A Mac with one machine that runs in this mode.
fn on_mac(random: &mut Random, mode: NetworkMode) -> World {
    let mut world = World::steady(random, 1);
    world.site.macos = true;
    // The draw of the site chose networks for another system.
    world.site.renumber_shared(random);
    let address = world.site.lease(random, mode);
    let machine = &mut world.machines[0];
    machine.mode = mode;
    machine.leases_readable = mode == NetworkMode::Shared;
    for stay in &mut machine.stays {
        (stay.mode, stay.address) = (mode, address);
    }
    if mode == NetworkMode::Bridged {
        // The host itself sees the machine's own MAC, on the bridge's other side.
        world.translator = random.chance(0.5).then_some(world.site.host_mac);
        world.translates = true;
    }
    world.site.hides_neighbours = random.chance(0.4);
    world
}

fn wifi(random: &mut Random) -> World {
    on_mac(random, NetworkMode::Bridged)
}

fn wifi_change(random: &mut Random) -> World {
    let mut world = wifi(random);
    address::change_lease(random, &mut world, 0);
    world
}

fn wifi_rebooted(random: &mut Random) -> World {
    let mut world = wifi(random);
    boot::reboot(random, &mut world, true);
    world
}

fn wifi_taken(random: &mut Random) -> World {
    let mut world = wifi(random);
    if let Some(old) = address::change_lease(random, &mut world, 0) {
        world.settle_stranger(random, old);
    }
    world
}

fn wifi_without(random: &mut Random) -> World {
    let mut world = wifi(random);
    boot::reboot_in_vain(random, &mut world);
    world
}

fn wifi_hung(random: &mut Random) -> World {
    let mut world = wifi(random);
    world.machines[0].alive = false;
    world
}

fn hidden(random: &mut Random) -> World {
    let mut world = on_mac(random, NetworkMode::Shared);
    world.site.hides_neighbours = true;
    if random.chance(0.3) {
        address::change_lease(random, &mut world, 0);
    }
    world
}

fn by_name(random: &mut Random) -> World {
    let mut world = on_mac(random, NetworkMode::Shared);
    world.machines[0].leased_by_name = true;
    world
}

fn by_name_moved(random: &mut Random) -> World {
    let mut world = by_name(random);
    boot::reboot(random, &mut world, true);
    world
}

fn of_namesake(random: &mut Random) -> World {
    let mut world = by_name(random);
    let address = world.site.lease(random, NetworkMode::Shared);
    let machine = &mut world.machines[0];
    let until = machine.boot_age + random.within(60..=20_000);
    let former = Stay {
        address,
        from: until + 3000,
        until,
        origin: Origin::Dhcp,
        mode: NetworkMode::Shared,
    };
    // The machine of now has a fixed address, or none.
    if random.chance(0.5) {
        machine.stays.iter_mut().for_each(|stay| stay.origin = Origin::Static);
    } else {
        machine.stays.clear();
    }
    machine.stays.insert(0, former);
    machine.lease = 86_400;
    world
}
