"""The provider `scripted`, which plays a script."""
