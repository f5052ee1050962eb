"""Models: trunks, backbones, necks, heads, losses and layers."""
