"""How moto is changed at run time."""

import functools


def replace(cls, name=None):
    """Decorator: puts the function in the place of a method, and hands the old one to it as first argument."""

    def take(function):
        method = name or function.__name__
        old = getattr(cls, method)

        @functools.wraps(old)
        def wrapper(self, *args, **kwargs):
            return function(functools.partial(old, self), self, *args, **kwargs)

        setattr(cls, method, wrapper)
        return function

    return take
