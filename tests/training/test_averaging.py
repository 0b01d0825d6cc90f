import torch
from torch import nn

from training.averaging import averaged


def test_the_average_of_a_short_run_forgets_where_it_began() -> None:
    network = nn.Linear(1, 1)
    nn.init.ones_(network.weight)
    average = averaged(network, 0.998)
    average.update_parameters(network)
    nn.init.zeros_(network.weight)
    for _ in range(700):
        average.update_parameters(network)
    torch.testing.assert_close(average.module.weight, torch.zeros(1, 1), atol=1e-3, rtol=0.0)


def test_a_long_run_is_averaged_as_slowly_as_asked_for() -> None:
    network = nn.Linear(1, 1)
    nn.init.zeros_(network.weight)
    average = averaged(network, 0.9)
    for _ in range(200):
        average.update_parameters(network)
    nn.init.ones_(network.weight)
    average.update_parameters(network)
    torch.testing.assert_close(average.module.weight, torch.tensor([[0.1]]))
