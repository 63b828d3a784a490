"""The operator: shows the sites as objects of Kubernetes, and hands on what is wished there."""
