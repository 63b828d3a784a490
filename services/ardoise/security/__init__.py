"""What every service saw, judged: alerts with evidence, and who has seen to them."""
