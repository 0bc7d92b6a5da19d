"""Networks: timm backbones with a head, weights in and out."""
