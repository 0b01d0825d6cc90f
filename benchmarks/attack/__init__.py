"""Attacks on the product: damaged files, kills, hostile servers, leaking addresses, sick disks, faults while live."""
