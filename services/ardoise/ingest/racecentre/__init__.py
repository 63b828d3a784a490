"""The public race-centre feed as a source: decoder, recording, stream client, feed clock."""
