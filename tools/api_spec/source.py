"""YAML with the place of every value, so that a refusal can name file and line. Duplicate keys are refused."""
import yaml


class SpecError(Exception):
    """What is wrong in the specification, with its place."""

    def __init__(self, place, message):
        super().__init__(f'{place}: {message}')


class Map(dict):
    """A mapping that knows where it and its keys stand."""

    place = ''

    def __init__(self, place):
        super().__init__()
        self.place = place
        self.places = {}

    def at(self, key):
        return self.places.get(key, self.place)


class List(list):
    place = ''


def load(path, name):
    """The document of a file as Map, List, str, int, bool and None. name: how messages call the file."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise SpecError(name, 'the file is empty')
        return _value(loader, node, name)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        line = mark.line + 1 if mark else 1
        raise SpecError(f'{name}:{line}', getattr(error, 'problem', None) or 'not valid YAML') from error
    finally:
        loader.dispose()


def _value(loader, node, name):
    place = f'{name}:{node.start_mark.line + 1}'
    if isinstance(node, yaml.SequenceNode):
        items = List(_value(loader, item, name) for item in node.value)
        items.place = place
        return items
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    result = Map(place)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        key_place = f'{name}:{key_node.start_mark.line + 1}'
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            raise SpecError(key_place, f'{key!r} is no key; put it in quotes')
        if key in result:
            raise SpecError(key_place, f'{key} stands here twice')
        result[key] = _value(loader, value_node, name)
        result.places[key] = key_place
    return result
