"""What every service stands on: settings, lifecycle, bus, store, rpc, identity, telemetry."""
